"""Perspective-n-Point of feet whose side is unknown and whose keypoints may hold outliers.

cv2.solvePnP gives the starts. The refinement is our own Levenberg-Marquardt, batched over the starts of all feet:
cv2.solvePnPRefineLM knows neither weights nor outliers and takes one pose at a time.
"""

from dataclasses import dataclass

import cv2
import numpy as np

_ITERATIONS = 8
_CUTOFF = 2.0
"""Standard deviations from which on a keypoint counts less and less (c of the Cauchy cost)."""


@dataclass(frozen=True)
class Fits:
    """Refined poses of N starts.

    Attributes:
        R: (N, 3, 3), t: (N, 3) camera <- foot.
        cost: (N,) sum over keypoints of c^2 log(1 + (r / c)^2), r in standard deviations (Cauchy).
        residuals: (N, K) distance of each keypoint from its projection, in normalised image units.
        information: (N, 6, 6) Gauss-Newton Hessian over x, y, z, rotation about the camera's X, Y, Z.
    """

    R: np.ndarray
    t: np.ndarray
    cost: np.ndarray
    residuals: np.ndarray
    information: np.ndarray


def fit_feet(models: np.ndarray, observed: np.ndarray, sigma: np.ndarray) -> tuple[Fits, np.ndarray]:
    """Fit each model to each foot; a point or two of a foot may be outliers.

    Args:
        models: (M, K, 3) points, foot frame, metres.
        observed: (F, K, 2) undistorted, normalised image points (x / z, y / z); anything where missing.
        sigma: (F, K) their standard deviations in the same units, infinite where missing. At least 4 must be finite.

    Returns:
        All fits and the index (F, M) of the best one of each foot and model, -1 where there is none.
    """
    found = [np.flatnonzero(row) for row in np.isfinite(sigma)]
    starts = [start for f, points in enumerate(found) for start in _starts(f, models, observed[f], points)]
    fits, best = _refine_all(starts, models, observed, sigma)
    spoilt = []
    for f, points in enumerate(found):
        cost = min((fits.cost[i] for i in best[f] if i >= 0), default=np.inf)
        if len(points) > 5 and cost > 2 * len(points):
            spoilt.append(f)
    if not spoilt:
        return fits, best
    # An outlier can lead a foot's every start astray. Starts from all its points but one reach the rest.
    for f in spoilt:
        for left_out in found[f]:
            starts += _starts(f, models, observed[f], found[f][found[f] != left_out])
    return _refine_all(starts, models, observed, sigma)


def _starts(f: int, models: np.ndarray, observed: np.ndarray, points: np.ndarray) -> list[tuple]:
    """SQPnP's poses of foot f from some of its points: (f, index of the model, R (3, 3), t (3,)) where it finds one."""
    starts = []
    for m, model in enumerate(models):
        try:
            ok, rotation_vector, t = cv2.solvePnP(
                model[points], observed[points], np.eye(3), None, flags=cv2.SOLVEPNP_SQPNP
            )
        except cv2.error:  # it refuses points that are nearly on one spot; the caller counts a foot without start
            continue
        t = np.ravel(t)
        if ok and np.isfinite(t).all() and t[2] > 0:
            starts.append((f, m, cv2.Rodrigues(rotation_vector)[0], t))
    return starts


def _refine_all(starts: list, models: np.ndarray, observed: np.ndarray, sigma: np.ndarray) -> tuple[Fits, np.ndarray]:
    """Refine starts (foot, model, R, t) and find the best of each foot and model."""
    best = np.full((len(observed), len(models)), -1)
    foot = np.array([s[0] for s in starts], int)
    model = np.array([s[1] for s in starts], int)
    fits = refine(
        np.array([s[2] for s in starts]).reshape(-1, 3, 3),
        np.array([s[3] for s in starts]).reshape(-1, 3),
        models[model],
        observed[foot],
        sigma[foot],
    )
    for i in np.argsort(-fits.cost, kind="stable"):
        best[foot[i], model[i]] = i
    return fits, best


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
    damping = np.full(len(R), 1e-3)
    state = (R, t, *_evaluate(R, t, models, observed, precision))
    for _ in range(_ITERATIONS if len(R) else 0):
        R, t, cost, *at = state
        H, gradient = _normal_equations(*at, observed)
        diagonal = np.einsum("nii->ni", H)  # a view
        diagonal *= 1 + damping[:, None]
        step = np.linalg.solve(H, -gradient[..., None])[..., 0]
        new_R, new_t = _rotation(step[:, 3:]) @ R, t + step[:, :3]
        new = (new_R, new_t, *_evaluate(new_R, new_t, models, observed, precision))
        better = new[2] < cost
        if better.all():
            state = new
        else:
            state = tuple(
                np.where(better.reshape(-1, *[1] * (o.ndim - 1)), n, o) for n, o in zip(new, state, strict=True)
            )
        damping = np.where(better, damping * 0.1, damping * 10)
        if (cost - state[2]).max() < 1e-2 and better.any():
            break
    R, t, cost, *at = state
    return Fits(R, t, cost, np.sqrt((at[0] ** 2).sum(-1)), _normal_equations(*at, observed)[0])


def _evaluate(
    R: np.ndarray, t: np.ndarray, models: np.ndarray, observed: np.ndarray, precision: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Robust cost (N,), errors (N, K, 2), rotated model points (N, K, 3), depths (N, K), weights (N, K).

    Points that are not in front of the camera are taken to its nearest depth, where their error is huge.
    """
    rotated = models @ R.transpose(0, 2, 1)
    points = rotated + t[:, None]
    z = np.maximum(points[..., 2], 1e-3)
    error = points[..., :2] / z[..., None] - observed
    scaled = (error**2).sum(-1) * precision / _CUTOFF**2
    return _CUTOFF**2 * np.log1p(scaled).sum(-1), error, rotated, z, precision / (1 + scaled)


def _normal_equations(
    error: np.ndarray, rotated: np.ndarray, z: np.ndarray, weights: np.ndarray, observed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """H (N, 6, 6) and gradient (N, 6) for steps (dt, w): t <- t + dt, R <- exp(w) R.

    With p = R X + t: dp/dt = I and dp/dw = -[R X]x; with u = x / z: du/dp = [1, 0, -u] / z, and likewise for v.
    """
    u, v = (error + observed).transpose(2, 0, 1)
    X, Y, Z = rotated.transpose(2, 0, 1)
    J = np.zeros((*z.shape, 2, 6))
    J[..., 0, 0] = J[..., 1, 1] = 1
    J[..., 0, 2], J[..., 1, 2] = -u, -v
    J[..., 0, 3], J[..., 0, 4], J[..., 0, 5] = -u * Y, Z + u * X, -Y
    J[..., 1, 3], J[..., 1, 4], J[..., 1, 5] = -Z - v * Y, v * X, X
    root = np.sqrt(weights)
    rows = (J * (root / z)[..., None, None]).reshape(len(z), 2 * z.shape[1], 6)
    columns = rows.transpose(0, 2, 1)
    # The tiny term keeps keypoints on one spot, of which no pose follows, from a singular matrix.
    return columns @ rows + 1e-6 * np.eye(6), (columns @ (error * root[..., None]).reshape(len(z), 2 * z.shape[1], 1))[
        ..., 0
    ]


def _rotation(w: np.ndarray) -> np.ndarray:
    """Rotation matrices (N, 3, 3) for small rotation vectors w (N, 3): Cayley's map, exp(w) to second order."""
    half = w / 2
    K = np.zeros((len(w), 3, 3))
    K[:, 2, 1], K[:, 0, 2], K[:, 1, 0] = half.T
    K -= K.transpose(0, 2, 1)
    return np.eye(3) + (K + K @ K) * (2 / (1 + (half**2).sum(1)))[:, None, None]
