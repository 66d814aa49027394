"""Robust refinement of many pose candidates at once: Levenberg-Marquardt on the reprojection error, in numpy.

cv2.solvePnPRefineLM knows neither weights nor outliers and takes one pose at a time.
"""

from dataclasses import dataclass

import numpy as np

_ITERATIONS = 8
_FAR = 1e3
"""Normalised coordinates of points that are not in front of the camera: a cost that no step into it survives."""


@dataclass(frozen=True)
class Fits:
    """Refined poses of N candidates.

    Attributes:
        R: (N, 3, 3), t: (N, 3) camera <- foot.
        cost: (N,) robust cost: the sum over keypoints of c^2 log(1 + (r / c)^2), r in standard deviations.
        residuals: (N, K) distance of each keypoint from its projection, in normalised image units.
        weights: (N, K) what each keypoint counted in the end, 1 / variance times its robust weight.
        information: (N, 6, 6) Gauss-Newton Hessian over x, y, z, rotation about the camera's X, Y, Z.
    """

    R: np.ndarray
    t: np.ndarray
    cost: np.ndarray
    residuals: np.ndarray
    weights: np.ndarray
    information: np.ndarray


def refine(
    R: np.ndarray, t: np.ndarray, models: np.ndarray, observed: np.ndarray, sigma: np.ndarray, cutoff: float = 2.0
) -> Fits:
    """Minimise the Cauchy-robust reprojection error of N pose candidates, each on its own points.

    Args:
        R, t: (N, 3, 3) and (N, 3) starts, camera <- foot.
        models: (N, K, 3) model points, foot frame.
        observed: (N, K, 2) undistorted, normalised image points (x / z, y / z); anything where sigma is infinite.
        sigma: (N, K) standard deviation of each point in the same units, infinite where missing.
        cutoff: c of the Cauchy cost, in standard deviations: beyond it a point counts less and less.
    """
    precision = 1 / sigma**2
    observed = np.where(np.isfinite(sigma)[..., None], observed, 0.0)
    damping = np.full(len(R), 1e-3)
    error, rotated, z = _project(R, t, models, observed)
    cost, weights = _robust(error, precision, cutoff)
    for _ in range(_ITERATIONS):
        H, g = _normal_equations(error, rotated, z, observed, weights)
        diagonal = np.einsum("nii->ni", H)
        diagonal *= 1 + damping[:, None]
        diagonal += 1e-9
        step = np.linalg.solve(H, -g[..., None])[..., 0]
        new_R, new_t = _rotation(step[:, 3:]) @ R, t + step[:, :3]
        new_error, new_rotated, new_z = _project(new_R, new_t, models, observed)
        new_cost, new_weights = _robust(new_error, precision, cutoff)
        better = new_cost < cost
        gain = np.where(better, cost - new_cost, 0).max()
        R, t = np.where(better[:, None, None], new_R, R), np.where(better[:, None], new_t, t)
        error, rotated = (
            np.where(better[:, None, None], n, o) for n, o in ((new_error, error), (new_rotated, rotated))
        )
        z, weights = (np.where(better[:, None], n, o) for n, o in ((new_z, z), (new_weights, weights)))
        cost = np.where(better, new_cost, cost)
        damping = np.where(better, damping * 0.1, damping * 10)
        if better.all() and gain < 1e-3:
            break
    information, _ = _normal_equations(error, rotated, z, observed, weights)
    return Fits(R, t, cost, np.linalg.norm(error, axis=-1), weights, information)


def _project(R: np.ndarray, t: np.ndarray, models: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, ...]:
    """Reprojection errors (N, K, 2), rotated model points (N, K, 3) and depths (N, K)."""
    rotated = models @ R.transpose(0, 2, 1)
    points = rotated + t[:, None]
    z = points[..., 2]
    error = points[..., :2] / np.maximum(z, 1e-3)[..., None] - observed
    return np.where((z > 1e-3)[..., None], error, _FAR), rotated, np.maximum(z, 1e-3)


def _robust(error: np.ndarray, precision: np.ndarray, cutoff: float) -> tuple[np.ndarray, np.ndarray]:
    """Cauchy cost (N,) and weights (N, K) of iteratively reweighted least squares."""
    scaled = (error**2).sum(-1) * precision / cutoff**2
    return cutoff**2 * np.log1p(scaled).sum(-1), precision / (1 + scaled)


def _normal_equations(
    error: np.ndarray, rotated: np.ndarray, z: np.ndarray, observed: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """H (N, 6, 6) and gradient (N, 6) for steps (dt, w): t <- t + dt, R <- exp(w) R.

    With p = R X + t: dp/dt = I and dp/dw = -[R X]x; du/dp = [1/z, 0, -x/z^2] and likewise for v.
    """
    J = np.zeros((*z.shape, 2, 6))
    x, y = (error + observed)[..., 0], (error + observed)[..., 1]  # x / z, y / z
    X, Y, Z = rotated[..., 0], rotated[..., 1], rotated[..., 2]
    inverse = 1 / z
    J[..., 0, 0] = J[..., 1, 1] = inverse
    J[..., 0, 2], J[..., 1, 2] = -x * inverse, -y * inverse
    J[..., 0, 3], J[..., 0, 4], J[..., 0, 5] = -x * Y * inverse, (Z + x * X) * inverse, -Y * inverse
    J[..., 1, 3], J[..., 1, 4], J[..., 1, 5] = -(Z + y * Y) * inverse, y * X * inverse, X * inverse
    rows = J.reshape(len(z), -1, 6)
    weighted = (J * weights[..., None, None]).reshape(len(z), -1, 6).transpose(0, 2, 1)
    return weighted @ rows, (weighted @ error.reshape(len(z), -1, 1))[..., 0]


def _rotation(w: np.ndarray) -> np.ndarray:
    """Rotation matrices (N, 3, 3) of rotation vectors (N, 3) in radians (Rodrigues)."""
    angle = np.linalg.norm(w, axis=1)[:, None, None]
    K = np.zeros((len(w), 3, 3))
    K[:, 0, 1], K[:, 0, 2], K[:, 1, 2] = -w[:, 2], w[:, 1], -w[:, 0]
    K -= K.transpose(0, 2, 1)
    a = np.sinc(angle / np.pi)  # sin(angle) / angle
    b = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2  # (1 - cos(angle)) / angle^2
    return np.eye(3) + a * K + b * (K @ K)
