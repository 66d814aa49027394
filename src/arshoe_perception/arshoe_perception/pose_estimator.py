"""The network's maps to 6-DoF poses of feet: peaks, grouping, PnP with the left and the right model."""

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.parameters import parameter, validate
from arshoe_core.types import FootKeypoints, FootPose, NetworkOutput
from arshoe_perception.grouping import group_peaks, to_image
from arshoe_perception.peaks import find_peaks
from arshoe_perception.pnp import Fits, fit_feet
from arshoe_perception.side import SEEN_FROM_BELOW, below_cost, choose_sides

SIDES = (Side.LEFT, Side.RIGHT)
_PRIOR = 16.0
"""How many coordinates' worth of belief the nominal standard deviations get where the sides are told apart."""
_INLIER = 3.0
"""Standard deviations from which on a keypoint is off the model."""
_CERTAIN = 0.03
"""Standard deviation of a keypoint at a heatmap's peak of 1, cells."""


@dataclass(frozen=True)
class PoseConfig:
    """Parameters of `PoseEstimator`."""

    foot_length: float = parameter(foot.STANDARD_FOOT_LENGTH, "length of the wearer's foot, m", low=0.1, high=0.4)
    max_feet: int = parameter(2, "most feet reported per image", low=1, high=6)
    peak_threshold: float = parameter(0.15, "least heatmap value of a keypoint", low=0.01, high=1.0)
    paf_threshold: float = parameter(0.1, "least mean projection of the PAF on a limb", low=0.0, high=1.0)
    min_keypoints: int = parameter(5, "fewest keypoints of a foot", low=4, high=8)
    min_score: float = parameter(0.12, "least score of a pose, before its size counts", low=0.0, high=1.0)
    keypoint_noise: float = parameter(
        0.6, "standard deviation of a keypoint of score 1, heatmap cells", low=0.01, high=5.0
    )
    shape_noise: float = parameter(
        0.04, "standard deviation of a real foot's keypoints from the model's, foot lengths", low=0.0, high=0.3
    )
    min_distance: float = parameter(0.1, "nearest foot, m", low=0.0, high=10.0)
    max_distance: float = parameter(8.0, "farthest foot, m", low=0.3, high=100.0)

    def __post_init__(self) -> None:
        validate(self)


@dataclass(frozen=True)
class _Observed:
    """The keypoints of F feet as a camera without lens sees them.

    Attributes:
        points: (F, 8, 2) x / z, y / z; anything where missing.
        sigma: (F, 8) their standard deviations, infinite where missing.
        scores: (F, 8) 0 to 1, 0 where missing.
        extent: (F,) largest distance between two points of a foot.
    """

    points: np.ndarray
    sigma: np.ndarray
    scores: np.ndarray
    extent: np.ndarray


class PoseEstimator:
    """Finds feet in the network's maps and their poses.

    Attributes:
        rejected: how many groups were dropped so far, by reason: "keypoints" (fewer than 4), "no_fit" (PnP found no
            pose), "behind_camera", "distance", "residual" (too many keypoints off the model), "upside_down" (only a
            fit from below the sole is left, and it is the worse one), "score", "duplicate", "too_many".
    """

    def __init__(self, config: PoseConfig | None = None) -> None:
        self.config = config or PoseConfig()
        self.rejected: Counter[str] = Counter()
        self._models = np.stack([foot.keypoints(side, self.config.foot_length) for side in SIDES])

    def __call__(self, output: NetworkOutput, camera: Camera) -> tuple[list[FootKeypoints], list[FootPose]]:
        """Estimate the feet of one image.

        Args:
            output: the network's maps.
            camera: intrinsics of the same image.

        Returns:
            Keypoints and poses, one of each per foot, the most certain first. The keypoints are where they most likely
            are: between the heatmaps' peaks and where the pose projects them.

        Raises:
            BadInputError: if the camera is not of the image's size.
        """
        if (camera.width, camera.height) != (output.image_width, output.image_height):
            raise BadInputError(
                f"camera is {camera.width}x{camera.height}; allowed: the image's size, "
                f"{output.image_width}x{output.image_height}"
            )
        config = self.config
        # Twice as many peaks as feet: a false peak must not push out a true one before grouping has seen both.
        peaks = find_peaks(output.heatmaps, config.peak_threshold, max_peaks=2 * config.max_feet)
        groups = group_peaks(peaks, output.pafs, config.paf_threshold, config.min_keypoints)
        cell_px = float(np.sqrt(abs(np.linalg.det(output.cell_to_image[:, :2]))))
        return self.from_keypoints([to_image(group, output) for group in groups], camera, cell_px)

    def from_keypoints(
        self, keypoints: list[FootKeypoints], camera: Camera, cell_px: float
    ) -> tuple[list[FootKeypoints], list[FootPose]]:
        """Estimate poses from grouped keypoints; as `__call__`, without the maps.

        Args:
            keypoints: one per foot, in image pixels.
            camera: intrinsics of the image.
            cell_px: size of a heatmap cell in image pixels, the unit of `keypoint_noise`.
        """
        enough = [k for k in keypoints if np.count_nonzero(k.found & (k.scores > 0)) >= 4]
        if len(enough) < len(keypoints):
            self.rejected["keypoints"] += len(keypoints) - len(enough)
        if not enough:
            return [], []
        observed = self._observe(enough, camera, cell_px)
        fits = fit_feet(self._models, observed.points, observed.sigma)
        n = np.count_nonzero(observed.scores, 1)[:, None]
        # Keypoints may be better than their nominal standard deviation: with a prior over its scale, the ratio tells.
        cost = (_PRIOR + 2 * n) * np.log1p(fits.cost / _PRIOR) + below_cost(fits.R, fits.t)
        cost[self._refused(fits, cost)] = np.inf
        score = np.where(np.isinf(cost), 0.0, observed.scores.mean(1)[:, None] * np.exp(-fits.cost / (8 * n)))
        kept = self._surest(fits, cost.argmin(1), score, observed.extent)
        sides = choose_sides(cost[kept], fits.R[kept], fits.t[kept], self.config.foot_length)
        gains, oks = self._trust(observed, np.sqrt(camera.fx * camera.fy) / cell_px)
        certainty = score[kept, sides] * oks[kept]
        poses = self._poses(fits.at((kept, sides)), sides, certainty, observed.sigma[kept], camera)
        order = sorted(range(len(kept)), key=lambda i: -poses[i].score)
        feet = [_refined(enough[kept[i]], poses[i], gains[kept[i]], camera) for i in order]
        return feet, [poses[i] for i in order]

    def _observe(self, keypoints: list[FootKeypoints], camera: Camera, cell_px: float) -> _Observed:
        pixels = np.array([k.points for k in keypoints], np.float64)
        scores = np.array([k.scores for k in keypoints], np.float64)
        scores[~np.isfinite(pixels).all(-1)] = 0
        found = scores > 0
        both = found[:, :, None] & found[:, None]
        squares = ((pixels[:, :, None] - pixels[:, None]) ** 2).sum(-1)
        focal = np.sqrt(camera.fx * camera.fy)
        extent = np.sqrt(np.where(both, squares, 0.0).max((1, 2))) / focal
        noise = self.config.keypoint_noise * cell_px / focal / np.sqrt(np.where(found, scores, 1.0))
        sigma = np.where(found, np.hypot(noise, self.config.shape_noise * extent[:, None]), np.inf)
        points = cv2.undistortPoints(pixels.reshape(-1, 1, 2), camera.K, camera.distortion_array)
        return _Observed(points.reshape(pixels.shape), sigma, scores, extent)

    def _trust(self, observed: _Observed, focal_cells: float) -> tuple[np.ndarray, np.ndarray]:
        """What the heights of the peaks say of their places.

        A heatmap learnt by L2 is the mean of the Gaussians at all places where the keypoint may be. If their standard
        deviation is 1 cell, as it is at least, a peak of height h is left of places that spread by sqrt(1 / h - 1).

        Returns:
            (F, 8) what part of a keypoint's distance from its projection is the foot's shape, not an error of the peak;
            (F,) the OKS to be expected of a foot's peaks, which is less for small feet.
        """
        found = observed.scores > 0
        variance = np.maximum(1 / np.where(found, observed.scores, 1.0) - 1, _CERTAIN**2)
        extent = observed.extent[:, None] * focal_cells
        shape = self.config.shape_noise * extent
        tolerance = extent**2 / 2 * (2 * foot.OKS_SIGMAS) ** 2  # the foot's box is about half the extent's square
        oks = tolerance / (tolerance + variance)
        return shape**2 / (shape**2 + variance), np.average(oks, axis=1, weights=found)

    def _refused(self, fits: Fits, cost: np.ndarray) -> np.ndarray:
        """Which fits (F, 2) can't be feet; where none of a foot's is left, the objection to the cheaper one is counted.

        A side may stand in for a cheaper one that can't be, unless it shows the sole: nothing speaks for such a pose
        but that the better one is impossible.
        """
        objections = self._objections(fits)
        refused = np.logical_or.reduce(list(objections.values()))
        for f in np.flatnonzero(refused.any(1)).tolist():
            cheaper = int(cost[f].argmin())
            if not refused[f, cheaper]:
                continue
            if refused[f].all():
                self.rejected[next(reason for reason, where in objections.items() if where[f, cheaper])] += 1
            elif below_cost(fits.R[f], fits.t[f])[1 - cheaper] == SEEN_FROM_BELOW:
                self.rejected["upside_down"] += 1
                refused[f] = True
        return refused

    def _objections(self, fits: Fits) -> dict[str, np.ndarray]:
        """By reason, which fits (F, 2) can't be feet."""
        inliers = ((fits.weights > 0) & (fits.residuals < _INLIER)).sum(-1)
        distance = np.sqrt((fits.t**2).sum(-1))
        return {
            "no_fit": np.isinf(fits.cost),
            "behind_camera": fits.t[..., 2] <= 0,
            "distance": (distance < self.config.min_distance) | (distance > self.config.max_distance),
            "residual": inliers < np.maximum(4, 0.6 * (fits.weights > 0).sum(-1)),
        }

    def _surest(self, fits: Fits, sides: np.ndarray, score: np.ndarray, extent: np.ndarray) -> list[int]:
        """The feet to report, at most `max_feet`, the most certain first; those dropped are counted."""
        feet = np.arange(len(sides))
        score = score[feet, sides]
        R, t = fits.R[feet, sides], fits.t[feet, sides]
        centres = R @ self._models.mean((0, 1)) + t
        kept: list[int] = []
        for f in np.argsort(-score, kind="stable").tolist():
            if score[f] == 0:  # its reason is counted already
                continue
            if score[f] < self.config.min_score:
                self.rejected["score"] += 1
            elif any(self._is_same_foot(centres[f], centres[other], extent[other]) for other in kept):
                self.rejected["duplicate"] += 1
            elif len(kept) == self.config.max_feet:
                self.rejected["too_many"] += 1
            else:
                kept.append(f)
        return kept

    def _is_same_foot(self, centre: np.ndarray, other: np.ndarray, extent: float) -> bool:
        """Whether two centres (3,) overlie each other in the image and in depth, as those of two feet can't."""
        depth_gap = abs(centre[2] - other[2])
        gap = np.hypot(*(centre[:2] / centre[2] - other[:2] / other[2]))
        return bool(gap < 0.2 * extent and depth_gap < 0.3 * self.config.foot_length)

    def _poses(
        self, fits: Fits, sides: list[int], scores: np.ndarray, sigma: np.ndarray, camera: Camera
    ) -> list[FootPose]:
        """Fits (F,) as poses."""
        inlier = (fits.weights > 0) & (fits.residuals < _INLIER)
        squares = (fits.residuals * np.where(inlier, sigma, 0.0)) ** 2
        error = np.sqrt(camera.fx * camera.fy * squares.sum(1) / inlier.sum(1))
        covariance = np.linalg.inv(fits.information)
        return [
            FootPose(
                side=SIDES[side],
                T_camera_foot=se3.from_rt(fits.R[i], fits.t[i]),
                foot_length=self.config.foot_length,
                score=float(min(scores[i], 1.0)),
                reprojection_error=float(error[i]),
                covariance=covariance[i],
            )
            for i, side in enumerate(sides)
        ]


def _refined(keypoints: FootKeypoints, pose: FootPose, gains: np.ndarray, camera: Camera) -> FootKeypoints:
    """A foot's keypoints moved to where they most likely are, given its pose: a Kalman update of their projections."""
    projected = camera.project(pose.keypoints())
    points = projected + gains[:, None] * (keypoints.points - projected)
    return FootKeypoints(points.astype(np.float32), keypoints.scores, pose.side)
