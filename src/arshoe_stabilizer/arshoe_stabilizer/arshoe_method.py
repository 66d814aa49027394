"""The paper's stabiliser: trust the measured pose the more, the farther it is from where optical flow puts the foot."""

import numpy as np

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.types import FootPose
from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.method import Step, shifted


class ArshoeFilter:
    """Equations (5) to (11) of the paper; (3) is in `optical_flow`, (4) in `method`.

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

    def __init__(self, config: StabilizerConfig, raw: FootPose) -> None:
        self.alpha, self.beta = config.arshoe_alpha, config.arshoe_beta
        self.points = foot.keypoints(raw.side, raw.foot_length)
        self.T = raw.T_camera_foot

    def update(self, raw: FootPose, step: Step) -> np.ndarray:
        """Blend the measured pose with the last one, moved along by optical flow."""
        moved, measured = shifted(self.T, step), raw.T_camera_foot  # (5)
        weight_R = self.rotation_weight(self._distance(moved, measured, step.camera))
        weight_T = weight_R**2  # (9)
        R = se3.blend_rotations(moved[:3, :3], measured[:3, :3], weight_R)  # (10)
        t = weight_T * measured[:3, 3] + (1 - weight_T) * moved[:3, 3]  # (11)
        self.T = se3.from_rt(R, t)
        return self.T

    def rotation_weight(self, distance: float) -> float:
        """w_R of (8) for D in image widths; a D that is NaN (a point behind the camera) trusts the measurement."""
        if np.isnan(distance):
            return 1.0
        if distance <= 0:
            return 0.0
        return float(np.clip(self.alpha * np.log(distance) + self.beta, 0, 1))

    def predict(self, step: Step) -> np.ndarray:
        """T'_l with the last rotation."""
        self.T = shifted(self.T, step)
        return self.T

    def _distance(self, T_a: np.ndarray, T_b: np.ndarray, camera: Camera) -> float:
        """D of (6) and (7), in image widths."""
        C1, C2 = (camera.project(se3.transform_points(T, self.points)) for T in (T_a, T_b))
        return float(np.abs(C1 - C2).sum(1).mean() / camera.width)
