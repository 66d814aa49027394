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
from arshoe_perception.pnp import Fits, refine
from arshoe_perception.side import Candidate, choose_sides

SIDES = (Side.LEFT, Side.RIGHT)

_TILT_FLIP = np.array([[1, 1, -1], [1, 1, -1], [-1, -1, 1]])
"""Elementwise: the second pose at which a plane looks the same from afar (its normal mirrored in the line of sight)."""


@dataclass(frozen=True)
class PoseConfig:
    """Parameters of `PoseEstimator`."""

    foot_length: float = parameter(foot.STANDARD_FOOT_LENGTH, "length of the wearer's foot, m", low=0.1, high=0.4)
    max_feet: int = parameter(2, "most feet reported per image", low=1, high=6)
    peak_threshold: float = parameter(0.2, "least heatmap value of a keypoint", low=0.01, high=1.0)
    paf_threshold: float = parameter(0.1, "least mean projection of the PAF on a limb", low=0.0, high=1.0)
    min_keypoints: int = parameter(5, "fewest keypoints of a foot", low=4, high=8)
    keypoint_noise: float = parameter(
        0.3, "standard deviation of a keypoint of score 1, heatmap cells", low=0.01, high=5.0
    )
    shape_noise: float = parameter(
        0.03, "how far a real foot's keypoints lie from the model's, fraction of the foot length", low=0.0, high=0.3
    )
    max_residual: float = parameter(
        0.12, "largest RMS reprojection error, fraction of the foot's extent in the image", low=0.001, high=1.0
    )
    max_distance: float = parameter(8.0, "farthest foot, m", low=0.3, high=100.0)
    min_distance: float = parameter(0.1, "nearest foot, m", low=0.0, high=10.0)

    def __post_init__(self) -> None:
        validate(self)


class PoseEstimator:
    """Finds feet in the network's maps and their poses.

    Attributes:
        rejected: how many groups were dropped so far, by reason: "no_fit", "distance", "residual", "duplicate",
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
        peaks = find_peaks(output.heatmaps, config.peak_threshold, max_peaks=2 * config.max_feet)
        groups = group_peaks(peaks, output.pafs, config.paf_threshold, config.min_keypoints)
        cell_px = float(np.sqrt(abs(np.linalg.det(output.cell_to_image[:, :2]))))
        return self.from_keypoints([to_image(group, output) for group in groups], camera, cell_px)

    def from_keypoints(
        self, keypoints: list[FootKeypoints], camera: Camera, cell_px: float
    ) -> tuple[list[FootKeypoints], list[FootPose]]:
        """Estimate poses from grouped keypoints.

        Args:
            keypoints: one per foot.
            camera: intrinsics of the image the keypoints are in.
            cell_px: size of a heatmap cell in image pixels, the unit of `keypoint_noise`.
        """
        kept, alternatives = [], []
        for feature in keypoints:
            candidates = self._fit(feature, camera, cell_px)
            if candidates:
                kept.append(feature)
                alternatives.append(candidates)
        chosen = choose_sides(alternatives)
        order = sorted(range(len(kept)), key=lambda i: -chosen[i].pose.score)
        feet: list[tuple[FootKeypoints, FootPose]] = []
        for i in order:
            pose = chosen[i].pose
            if any(_same_foot(pose, other, camera) for _, other in feet):
                self.rejected["duplicate"] += 1
            elif len(feet) == self.config.max_feet:
                self.rejected["too_many"] += 1
            else:
                feet.append((replace(kept[i], side=pose.side), pose))
        return [k for k, _ in feet], [p for _, p in feet]

    def _fit(self, keypoints: FootKeypoints, camera: Camera, cell_px: float) -> list[Candidate]:
        """The best pose for each side that passes the checks; empty (and counted) if there is none."""
        found = keypoints.found & (keypoints.scores > 0)
        if found.sum() < 4:
            self.rejected["no_fit"] += 1
            return []
        pixels = keypoints.points[found].astype(np.float64)
        scores = keypoints.scores[found].astype(np.float64)
        extent = _extent(pixels)
        focal = float(np.sqrt(camera.fx * camera.fy))
        observed = cv2.undistortPoints(pixels[:, None], camera.K, camera.distortion_array)[:, 0]
        noise = self.config.keypoint_noise * cell_px / np.sqrt(scores)
        sigma = np.hypot(noise, self.config.shape_noise * extent) / focal
        models = [foot.keypoints(side, self.config.foot_length)[found] for side in SIDES]

        fits, sides = _fit_both(models, observed, sigma)
        candidates, reasons = [], []
        for k, side in enumerate(SIDES):
            mine = np.flatnonzero(sides == k)
            if len(mine) == 0:
                continue
            best = mine[fits.cost[mine].argmin()]
            reason = self._objection(fits, best, focal, extent)
            if reason:
                reasons.append(reason)
                continue
            candidates.append(
                Candidate(_to_pose(fits, best, side, keypoints.scores, focal, self.config), fits.cost[best])
            )
        if not candidates:
            self.rejected[reasons[0] if reasons else "no_fit"] += 1
        return candidates

    def _objection(self, fits: Fits, i: int, focal: float, extent: float) -> str | None:
        """Why fit i can't be a foot, or None."""
        distance = fits.t[i, 2]
        if not self.config.min_distance <= distance <= self.config.max_distance:
            return "distance"
        if _rms(fits, i) * focal > self.config.max_residual * extent:
            return "residual"
        return None


def _fit_both(models: list[np.ndarray], observed: np.ndarray, sigma: np.ndarray) -> tuple[Fits, np.ndarray]:
    """Refine every start of the left (0) and right (1) model; if one point spoils them, try without each in turn.

    Returns:
        The fits and the index of the model (N,) each used.
    """
    everything = np.ones(len(observed), bool)
    fits, sides = _refine_starts(models, observed, sigma, [everything])
    # A start from points with an outlier among them may lead nowhere; starts from all but one point find the rest.
    spoilt = fits.cost.min() > 2.0 * len(observed) if len(fits.cost) else True
    if spoilt and len(observed) >= 6:
        subsets = list(~np.eye(len(observed), dtype=bool))
        fits, sides = _refine_starts(models, observed, sigma, subsets)
    return fits, sides


def _refine_starts(
    models: list[np.ndarray], observed: np.ndarray, sigma: np.ndarray, subsets: list[np.ndarray]
) -> tuple[Fits, np.ndarray]:
    starts_R, starts_t, sides = [], [], []
    for k, model in enumerate(models):
        for subset in subsets:
            for R, t in _starts(model[subset], observed[subset]):
                starts_R.append(R)
                starts_t.append(t)
                sides.append(k)
    N = len(sides)
    return (
        refine(
            np.reshape(starts_R, (N, 3, 3)),
            np.reshape(starts_t, (N, 3)),
            np.stack([models[k] for k in sides]) if N else np.zeros((0, len(observed), 3)),
            np.broadcast_to(observed, (N, *observed.shape)),
            np.broadcast_to(sigma, (N, len(sigma))),
        ),
        np.array(sides, int),
    )


def _starts(model: np.ndarray, observed: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """SQPnP's pose and its tilt flip: seen from afar, a nearly plane foot has two poses that look alike."""
    ok, rvec, tvec = cv2.solvePnP(model, observed, np.eye(3), None, flags=cv2.SOLVEPNP_SQPNP)
    if not ok or not np.isfinite(rvec).all() or tvec[2] <= 0:
        return []
    R, t = cv2.Rodrigues(rvec)[0], tvec[:, 0]
    centre = model.mean(0)
    in_camera = R @ centre + t
    view = _look_at(in_camera)
    flipped = view @ (_TILT_FLIP * (view.T @ R))
    return [(R, t), (flipped, in_camera - flipped @ centre)]
