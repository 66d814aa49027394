"""The network's maps to 6-DoF poses of feet: peaks, grouping, PnP with the left and the right model."""

from collections import Counter
from dataclasses import dataclass, replace

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
from arshoe_perception.side import Candidate, choose_sides

SIDES = (Side.LEFT, Side.RIGHT)


@dataclass(frozen=True)
class PoseConfig:
    """Parameters of `PoseEstimator`."""

    foot_length: float = parameter(foot.STANDARD_FOOT_LENGTH, "length of the wearer's foot, m", low=0.1, high=0.4)
    max_feet: int = parameter(2, "most feet reported per image", low=1, high=6)
    peak_threshold: float = parameter(0.15, "least heatmap value of a keypoint", low=0.01, high=1.0)
    paf_threshold: float = parameter(0.1, "least mean projection of the PAF on a limb", low=0.0, high=1.0)
    min_keypoints: int = parameter(5, "fewest keypoints of a foot", low=4, high=8)
    min_score: float = parameter(0.12, "least score of a pose", low=0.0, high=1.0)
    keypoint_noise: float = parameter(
        0.6, "standard deviation of a keypoint of score 1, heatmap cells", low=0.01, high=5.0
    )
    shape_noise: float = parameter(
        0.06, "standard deviation of a real foot's keypoints from the model's, foot lengths", low=0.0, high=0.3
    )
    min_distance: float = parameter(0.1, "nearest foot, m", low=0.0, high=10.0)
    max_distance: float = parameter(8.0, "farthest foot, m", low=0.3, high=100.0)

    def __post_init__(self) -> None:
        validate(self)


class PoseEstimator:
    """Finds feet in the network's maps and their poses.

    Attributes:
        rejected: how many groups were dropped so far, by reason: "no_fit" (PnP found no pose),
            "behind_camera", "distance", "residual" (too many keypoints off the model), "score", "duplicate",
            "too_many".
    """

    def __init__(self, config: PoseConfig | None = None) -> None:
        self.config = config or PoseConfig()
        self.rejected: Counter[str] = Counter()

    def __call__(self, output: NetworkOutput, camera: Camera) -> tuple[list[FootKeypoints], list[FootPose]]:
        """Estimate the feet of one image.

        Args:
            output: the network's maps.
            camera: intrinsics of the same image.

        Returns:
            Keypoints and poses, one of each per foot, the most certain first.

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
        enough = [k for k in keypoints if (k.found & (k.scores > 0)).sum() >= 4]
        if len(enough) < len(keypoints):
            self.rejected["no_fit"] += len(keypoints) - len(enough)
        fitted = [(k, c) for k, c in zip(enough, self._candidates(enough, camera, cell_px), strict=True) if c]
        chosen = choose_sides([candidates for _, candidates in fitted])
        feet = [(replace(k, side=c.pose.side), c.pose) for (k, _), c in zip(fitted, chosen, strict=True)]
        kept: list[tuple[FootKeypoints, FootPose]] = []
        for features, pose in sorted(feet, key=lambda pair: -pair[1].score):
            if pose.score < self.config.min_score:
                self.rejected["score"] += 1
            elif any(_is_same_foot(pose, other, camera) for _, other in kept):
                self.rejected["duplicate"] += 1
            elif len(kept) == self.config.max_feet:
                self.rejected["too_many"] += 1
            else:
                kept.append((features, pose))
        return [features for features, _ in kept], [pose for _, pose in kept]

    def _candidates(self, keypoints: list[FootKeypoints], camera: Camera, cell_px: float) -> list[list[Candidate]]:
        """For each foot the best pose of each side that passes the checks; if none does, the reason is counted."""
        if not keypoints:
            return []
        pixels = np.stack([k.points for k in keypoints]).astype(np.float64)
        scores = np.stack([k.scores for k in keypoints]).astype(np.float64)
        scores[~np.isfinite(pixels).all(-1)] = 0
        focal = float(np.sqrt(camera.fx * camera.fy))
        observed = cv2.undistortPoints(pixels.reshape(-1, 1, 2), camera.K, camera.distortion_array).reshape(
            pixels.shape
        )
        noise = self.config.keypoint_noise * cell_px / np.sqrt(np.maximum(scores, 1e-9))
        shape = self.config.shape_noise * np.array([_extent(p[s > 0]) for p, s in zip(pixels, scores, strict=True)])
        sigma = np.where(scores > 0, np.hypot(noise, shape[:, None]) / focal, np.inf)
        models = np.stack([foot.keypoints(side, self.config.foot_length) for side in SIDES])
        fits, best = fit_feet(models, observed, sigma)
        candidates: list[list[Candidate]] = []
        for f, of_foot in enumerate(best):
            reasons = [self._objection(fits, i, sigma[f]) for i in of_foot]
            candidates.append([
                Candidate(self._pose(fits, i, side, scores[f], sigma[f], focal), float(fits.cost[i]))
                for i, side, reason in zip(of_foot, SIDES, reasons, strict=True) if not reason
            ])  # fmt: skip
            if not candidates[-1]:
                self.rejected[reasons[0]] += 1
        return candidates

    def _objection(self, fits: Fits, i: int, sigma: np.ndarray) -> str:
        """Why fit i can't be a foot; empty if it can."""
        if i < 0:
            return "no_fit"
        if fits.t[i, 2] <= 0:
            return "behind_camera"
        if not self.config.min_distance <= np.linalg.norm(fits.t[i]) <= self.config.max_distance:
            return "distance"
        if _inliers(fits, i, sigma).sum() < max(4, 0.6 * np.isfinite(sigma).sum()):
            return "residual"
        return ""

    def _pose(self, fits: Fits, i: int, side: Side, scores: np.ndarray, sigma: np.ndarray, focal: float) -> FootPose:
        """Fit i as a pose; its score is the keypoints' mean score (missing ones count 0), less for poor fits."""
        rms = np.sqrt((fits.residuals[i][_inliers(fits, i, sigma)] ** 2).mean())
        score = scores.mean() * np.exp(-fits.cost[i] / (8 * np.isfinite(sigma).sum()))
        return FootPose(
            side=side,
            T_camera_foot=se3.from_rt(fits.R[i], fits.t[i]),
            foot_length=self.config.foot_length,
            score=float(np.clip(score, 0, 1)),
            reprojection_error=float(rms * focal),
            covariance=np.linalg.inv(fits.information[i]),
        )


def _inliers(fits: Fits, i: int, sigma: np.ndarray) -> np.ndarray:
    """Keypoints (K,) bool within 3 standard deviations of fit i; missing ones are not."""
    return np.isfinite(sigma) & (fits.residuals[i] < 3 * sigma)


def _extent(points: np.ndarray) -> float:
    """Largest distance between two of the points (N, 2)."""
    return float(np.linalg.norm(points[:, None] - points[None], axis=-1).max())


def _is_same_foot(a: FootPose, b: FootPose, camera: Camera) -> bool:
    """Whether two poses overlie each other in the image and in depth, as two feet can't."""
    points_a, points_b = a.keypoints(), b.keypoints()
    pixels_a, pixels_b = camera.project(points_a), camera.project(points_b)
    gap = np.linalg.norm(pixels_a.mean(0) - pixels_b.mean(0))
    depth_gap = abs(points_a[:, 2].mean() - points_b[:, 2].mean())
    return bool(gap < 0.2 * _extent(pixels_b) and depth_gap < 0.3 * b.foot_length)
