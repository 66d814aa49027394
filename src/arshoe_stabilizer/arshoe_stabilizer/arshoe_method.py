"""The paper's stabiliser: trust the measured pose the more, the farther it is from where optical flow puts the foot."""

import numpy as np

from arshoe_core import se3
from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.method import Measurement, shifted


class ArshoeFilter:
    """Equations (5) to (11) of the paper; (3) and (4) are in `optical_flow`.

    (5)  T'_l = t_{l-1} + V_cam. Printed with t_l, but only the refined t of the last frame makes sense.
    (6)  C1 = K [R_{l-1} | T'_l] C, C2 = K [R_l | t_l] C, projections of the model points C.
    (7)  D = mean L1 distance of C1 and C2, in image widths: only then does (8) fall into 0 to 1 for
         distances of 1 to 10 px at the network's 256 px.
    (8)  w_R = alpha ln D + beta, clamped to 0 to 1.
    (9)  w_T = w_R^2.
    (10) q''_l = w_R q_l + (1 - w_R) q_{l-1}, both on one hemisphere, normalised.
    (11) t''_l = w_T t_l + (1 - w_T) T'_l.
    R_{l-1} and t_{l-1} are always refined ones.
    """

    def __init__(self, config: StabilizerConfig, T: np.ndarray) -> None:
        self.alpha, self.beta = config.arshoe_alpha, config.arshoe_beta
        self.T = T

    def update(self, measurement: Measurement) -> np.ndarray:
        """Blend the measured pose with the last one, moved along by optical flow."""
        moved = shifted(self.T, measurement.shift)  # (5)
        weight_R = self.rotation_weight(_distance(moved, measurement))
        weight_T = weight_R**2  # (9)
        R = se3.blend_rotations(moved[:3, :3], measurement.T[:3, :3], weight_R)  # (10)
        t = weight_T * measurement.T[:3, 3] + (1 - weight_T) * moved[:3, 3]  # (11)
        self.T = se3.from_rt(R, t)
        return self.T

    def rotation_weight(self, distance: float) -> float:
        """w_R of (8) for D in image widths; a D that is NaN (a point behind the camera) trusts the measurement."""
        if np.isnan(distance):
            return 1.0
        if distance <= 0:
            return 0.0
        return float(np.clip(self.alpha * np.log(distance) + self.beta, 0, 1))

    def predict(self, shift: np.ndarray | None, dt: float) -> np.ndarray:
        """T'_l with the last rotation."""
        self.T = shifted(self.T, shift)
        return self.T


def _distance(moved: np.ndarray, measurement: Measurement) -> float:
    """D of (6) and (7), in image widths."""
    camera, points = measurement.camera, measurement.points
    C1 = camera.project(se3.transform_points(moved, points))
    C2 = camera.project(se3.transform_points(measurement.T, points))
    return float(np.abs(C1 - C2).sum(1).mean() / camera.width)
