"""Poses from clicked keypoints."""

from collections.abc import Iterable

import cv2
import numpy as np

from arshoe_annotate.foot_label import FootLabel
from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import KEYPOINT_NAMES, NUM_KEYPOINTS, Side

MIN_CLICKS = 4
_CLICK_PX, _SHAPE = 2.0, 0.03
"""Standard deviation of a click: pixels, and how far a real foot's keypoints are from the model's, foot extents."""
_SEEN_FROM_BELOW, _SAME_SIDE = 12.0, 6.0
"""Costs, in squared standard deviations, of a camera below the floor and of a second foot of one side. Six of the
eight keypoints are nearly in a plane, so the wrong side's model often fits well from below."""


def fit_clicks(
    clicks: dict[str, tuple[float, float]],
    camera: Camera,
    foot_length: float = foot.STANDARD_FOOT_LENGTH,
    side: Side = Side.UNKNOWN,
    others: Iterable[FootLabel] = (),
) -> tuple[Side, np.ndarray, float]:
    """The pose that best explains clicked keypoints.

    Args:
        clicks: keypoint name to its pixel (x, y); at least 4.
        side: LEFT or RIGHT, or UNKNOWN to try both: the better fit that is seen from above its sole, and that is not
            of the same side as the other foot where there is exactly one.
        others: the feet already in the picture.

    Returns:
        Side, T_camera_foot (4, 4), reprojection error in px RMS.

    Raises:
        BadInputError: unknown names, too few clicks, or no pose fits.
    """
    unknown = sorted(set(clicks) - set(KEYPOINT_NAMES))
    if unknown:
        raise BadInputError(f"keypoint is {unknown[0]!r}; allowed: {', '.join(KEYPOINT_NAMES)}")
    if len(clicks) < MIN_CLICKS:
        raise BadInputError(f"{len(clicks)} keypoints are set; a pose needs at least {MIN_CLICKS}")
    pixels = np.full((NUM_KEYPOINTS, 2), np.nan)
    for name, pixel in clicks.items():
        pixels[KEYPOINT_NAMES.index(name)] = pixel
    others, best = list(others), None
    for s in (Side.LEFT, Side.RIGHT) if side == Side.UNKNOWN else (side,):
        doubled = _SAME_SIDE * (len(others) == 1 and others[0].side == s)
        for T in _poses(pixels, camera, foot.keypoints(s, foot_length)):
            label = FootLabel(s, T, foot_length)
            cost = _cost(pixels, label, camera) + _below_cost(T) + doubled
            if best is None or cost < best[0]:
                best = cost, label
    if best is None:
        raise BadInputError("no pose fits these keypoints; are they on the right places of one foot?")
    return best[1].side, best[1].T_camera_foot, reprojection_error(pixels, best[1], camera)


def reprojection_error(pixels: np.ndarray, label: FootLabel, camera: Camera) -> float:
    """Root mean square distance in px of points (8, 2), NaN where missing, from the foot's keypoints."""
    off = np.linalg.norm(camera.project(label.keypoints()) - pixels, axis=1)
    return float(np.sqrt(np.nanmean(off**2)))


def _cost(pixels: np.ndarray, label: FootLabel, camera: Camera) -> float:
    """Sum of squared residuals of points (8, 2), NaN where missing, in standard deviations."""
    found = np.isfinite(pixels).all(1)
    extent = np.linalg.norm(np.ptp(pixels[found], axis=0))
    error = reprojection_error(pixels, label, camera) / np.hypot(_CLICK_PX, _SHAPE * extent)
    return float(found.sum() * error**2)


def _below_cost(T: np.ndarray) -> float:
    """0 where the camera is above the sole's plane, rising to `_SEEN_FROM_BELOW` at 24 degrees below it."""
    sine = T[:3, 2] @ T[:3, 3] / np.linalg.norm(T[:3, 3])
    return _SEEN_FROM_BELOW * float(np.clip(sine / 0.4, 0, 1))


def _poses(pixels: np.ndarray, camera: Camera, model: np.ndarray) -> list[np.ndarray]:
    """Local optima (4, 4) of the reprojection error in front of the camera, from several starts."""
    points = np.flatnonzero(np.isfinite(pixels).all(1))
    subsets = [points] + [points[points != left_out] for left_out in points] * (len(points) > MIN_CLICKS)
    observed, K, distortion = pixels[points].astype(np.float64), camera.K, camera.distortion_array
    poses = []
    for subset in subsets:  # a bad click must not spoil every start
        for R, t in _starts(model[subset], pixels[subset], K, distortion):
            rotation_vector, t = cv2.solvePnPRefineLM(model[points], observed, K, distortion, cv2.Rodrigues(R)[0], t)
            T = se3.from_rt(cv2.Rodrigues(rotation_vector)[0], t)
            if np.isfinite(T).all() and T[2, 3] > 0:
                poses.append(T)
    return poses


def _starts(
    model: np.ndarray, pixels: np.ndarray, K: np.ndarray, distortion: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Poses (R, t) by SQPnP, and mirrored about the line of sight, which nearly flat points can't tell from them."""
    try:
        ok, rotation_vectors, ts, _ = cv2.solvePnPGeneric(model, pixels, K, distortion, flags=cv2.SOLVEPNP_SQPNP)
    except cv2.error:  # refused: points nearly on one spot
        return []
    starts = []
    for rotation_vector, t in zip(rotation_vectors, ts, strict=True) if ok else ():
        if np.isfinite(t).all() and t[2] > 0:
            R, sight = cv2.Rodrigues(rotation_vector)[0], t / np.linalg.norm(t)
            mirrored = (np.eye(3) - 2 * sight @ sight.T) @ R @ np.diag([1.0, 1, -1])
            starts += [(R, t), (mirrored, t)]
    return starts
