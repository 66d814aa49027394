"""Perspective-n-Point of feet whose side is unknown and whose keypoints may hold outliers.

cv2.solvePnP gives the starts. The refinement is our own Levenberg-Marquardt, batched over the starts of all feet:
cv2.solvePnPRefineLM knows neither weights nor outliers and takes one pose at a time.
"""

from dataclasses import dataclass, fields

import cv2
import numpy as np

_ITERATIONS = 8
_IDENTITY, _IDENTITY_6 = np.eye(3), np.eye(6)
_SKEW = np.cross(_IDENTITY[:, None], _IDENTITY).transpose(0, 2, 1).reshape(3, 9)
"""w @ _SKEW is the matrix, row by row, that takes a vector to its cross product with w."""
_CROSS = -_SKEW
"""X @ _CROSS is the matrix, row by row, that takes w to w x X."""
_NOWHERE = (0, 0, _IDENTITY, np.array([0.0, 0.0, 1.0]))
_CUTOFF = 1.5
"""Standard deviations from which on a keypoint counts less and less (c of the Cauchy cost)."""


@dataclass(frozen=True)
class Fits:
    """Refined poses, arrays of any leading shape (*).

    Attributes:
        R: (*, 3, 3), t: (*, 3) camera <- foot.
        cost: (*,) sum over keypoints of c^2 log(1 + (r / c)^2), r in standard deviations (Cauchy); infinite where
            there is no pose.
        residuals: (*, K) distance of each keypoint from its projection, in standard deviations.
        weights: (*, K) what each keypoint counts, 0 to 1: less the farther it is off, 0 where missing.
        information: (*, 6, 6) Gauss-Newton Hessian over x, y, z, rotation about the camera's X, Y, Z.
    """

    R: np.ndarray
    t: np.ndarray
    cost: np.ndarray
    residuals: np.ndarray
    weights: np.ndarray
    information: np.ndarray

    def at(self, index) -> "Fits":
        """The fits that an index into the leading shape picks."""
        return Fits(*(getattr(self, f.name)[index] for f in fields(self)))


def fit_feet(models: np.ndarray, observed: np.ndarray, sigma: np.ndarray) -> Fits:
    """Fit each model to each foot; a point or two of a foot may be outliers.

    Args:
        models: (M, K, 3) points, foot frame, metres.
        observed: (F, K, 2) undistorted, normalised image points (x / z, y / z); anything where missing.
        sigma: (F, K) their standard deviations in the same units, infinite where missing. At least 4 must be finite.

    Returns:
        The best fits, (F, M).
    """
    found = [np.flatnonzero(row) for row in np.isfinite(sigma)]
    starts = [start for f, points in enumerate(found) for start in _starts(f, models, observed[f], points)]
    fits = _best_fits(starts, models, observed, sigma)
    lowest = fits.cost.min(1)
    spoilt = [f for f, points in enumerate(found) if len(points) > 5 and lowest[f] > 2 * len(points)]
    if not spoilt:
        return fits
    # An outlier can lead a foot's every start astray. Starts from all its points but one reach the rest.
    for f in spoilt:
        for left_out in found[f]:
            starts += _starts(f, models, observed[f], found[f][found[f] != left_out])
    return _best_fits(starts, models, observed, sigma)


def _starts(f: int, models: np.ndarray, observed: np.ndarray, points: np.ndarray) -> list[tuple]:
    """SQPnP's poses of foot f from some of its points: (f, index of the model, R (3, 3), t (3,)) where it finds one."""
    starts = []
    for m, model in enumerate(models):
        try:
            ok, rotation_vector, t = cv2.solvePnP(
                model[points], observed[points], _IDENTITY, None, flags=cv2.SOLVEPNP_SQPNP
            )
        except cv2.error:  # it refuses points that are nearly on one spot; the caller counts a foot without start
            continue
        if ok and np.isfinite(t).all():
            starts.append((f, m, cv2.Rodrigues(rotation_vector)[0], t[:, 0]))
    return starts


def _best_fits(starts: list[tuple], models: np.ndarray, observed: np.ndarray, sigma: np.ndarray) -> Fits:
    """Refine starts (foot, model, R, t); of those of the same foot and model keep the best."""
    foot, model, R, t = (np.array(column) for column in zip(*(starts or [_NOWHERE]), strict=True))
    fits = refine(R, t, models[model], observed[foot], sigma[foot])
    best = np.full((len(observed), len(models)), -1)
    for i in np.argsort(-fits.cost, kind="stable"):
        best[foot[i], model[i]] = i
    fits = fits.at(best)
    fits.cost[(best < 0) | (not starts)] = np.inf
    return fits


def refine(R: np.ndarray, t: np.ndarray, models: np.ndarray, observed: np.ndarray, sigma: np.ndarray) -> Fits:
    """Minimise the robust reprojection error of N starts, each on its own points.

    Args:
        R, t: (N, 3, 3) and (N, 3) starts, camera <- foot.
        models: (N, K, 3) model points, foot frame.
        observed: (N, K, 2) undistorted, normalised image points; anything where sigma is infinite.
        sigma: (N, K) standard deviation of each point in the same units.
    """
    precision = 1 / sigma**2
    observed = np.where(precision[..., None] > 0, observed, 0.0)
    damping = np.full((len(R), 1, 1), 1e-3)
    state = (R, t, *_evaluate(R, t, models, observed, precision))
    for _ in range(_ITERATIONS):
        R, t, cost, *at = state
        H, gradient = _normal_equations(*at)
        step = np.linalg.solve(H + damping * (H * _IDENTITY_6), -gradient)[..., 0]
        R, t = _rotation(step[:, 3:]) @ R, t + step[:, :3]
        new = (R, t, *_evaluate(R, t, models, observed, precision))
        better = new[2] < cost
        if better.all():
            state = new
        else:
            state = tuple(
                np.where(better.reshape(-1, *[1] * (o.ndim - 1)), n, o) for n, o in zip(new, state, strict=True)
            )
        if (cost - state[2]).max() < 3e-2 and better.any():
            break
        damping = np.where(better[:, None, None], damping * 0.1, damping * 10)
    R, t, cost, error, *_ = state
    residuals = np.sqrt((error**2).sum(-1)) / sigma
    weights = (precision > 0) / (1 + (residuals / _CUTOFF) ** 2)
    return Fits(R, t, cost, residuals, weights, H)  # H is of one step before, which was a tiny one


def _evaluate(
    R: np.ndarray, t: np.ndarray, models: np.ndarray, observed: np.ndarray, precision: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Robust cost (N,), errors (N, K, 2), projections (N, K, 2), rotated model points (N, K, 3), depths (N, K),
    weights (N, K).

    Points that are not in front of the camera are taken to its nearest depth, where their error is huge.
    """
    rotated = models @ R.transpose(0, 2, 1)
    points = rotated + t[:, None]
    z = np.maximum(points[..., 2], 1e-3)
    projected = points[..., :2] / z[..., None]
    error = projected - observed
    scaled = (error**2).sum(-1) * (precision / _CUTOFF**2)
    return _CUTOFF**2 * np.log1p(scaled).sum(-1), error, projected, rotated, z, precision / (1 + scaled)


def _normal_equations(
    error: np.ndarray, projected: np.ndarray, rotated: np.ndarray, z: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """H (N, 6, 6) and gradient (N, 6, 1) for steps (dt, w): t <- t + dt, R <- exp(w) R.

    With p = R X + t: dp = dt + w x R X; with u = x / z: du = (dx - u dz) / z, and likewise for v.
    """
    n, k = z.shape
    moved = (rotated @ _CROSS).reshape(n, k, 3, 3)  # dp / dw
    J = np.empty((n, k, 2, 6))
    J[..., :3] = _IDENTITY[:2]
    J[..., 2] = -projected
    J[..., 3:] = moved[:, :, :2] - projected[..., None] * moved[:, :, 2:]
    root = np.sqrt(weights)
    rows = (J * (root / z)[..., None, None]).reshape(n, 2 * k, 6)
    columns = rows.transpose(0, 2, 1)
    # The tiny term keeps keypoints on one spot, of which no pose follows, from a singular matrix.
    return columns @ rows + 1e-6 * _IDENTITY_6, columns @ (error * root[..., None]).reshape(n, 2 * k, 1)


def _rotation(w: np.ndarray) -> np.ndarray:
    """Rotation matrices (N, 3, 3) for small rotation vectors w (N, 3): Cayley's map, exp(w) to second order."""
    K = (w @ _SKEW).reshape(-1, 3, 3)
    return _IDENTITY + (K + 0.5 * (K @ K)) / (1 + 0.25 * (w**2).sum(1))[:, None, None]
