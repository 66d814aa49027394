"""Feet through time: which measured pose is which foot, its side, and where it is while it is not seen."""

from dataclasses import dataclass, replace

import numpy as np

from arshoe_core import foot, se3
from arshoe_core.assignment import assign
from arshoe_core.camera import Camera
from arshoe_core.types import FootPose, PoseStatus
from arshoe_stabilizer.arshoe_method import ArshoeFilter
from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.kalman import KalmanFilter
from arshoe_stabilizer.method import Measurement, NoFilter, PoseFilter, shifted
from arshoe_stabilizer.one_euro import OneEuroFilter
from arshoe_stabilizer.optical_flow import camera_shift

FILTERS: dict[str, type[PoseFilter]] = {
    "arshoe": ArshoeFilter,
    "kalman": KalmanFilter,
    "one_euro": OneEuroFilter,
    "none": NoFilter,
}

_GATE, _GATE_GROWTH = 0.8, 0.1
"""Foot extents between a track's predicted and a measured pose beyond which they are not one foot; more for each lost
frame."""
_SAME_SIDE_BONUS = 0.3
_ONE_FOOT = 0.25
"""Foot extents between two tracks within which they are on one foot."""
_CONFIRMED_AFTER = 3
"""Measured frames after which a track is predicted when lost; a false detection is not drawn out."""
_SIDE_MEMORY, _SIDE_SWITCH = 10.0, 3.0
"""Measured frames: most evidence a side gathers, and how much evidence against it turns it over."""
_MAX_TURN = np.deg2rad(45)
"""A pose of the wrong side is still used where it turns the track by less than this."""
_PREDICTION_NOISE = np.diag([0.005, 0.005, 0.01, 0.03, 0.03, 0.03]) ** 2
"""Covariance that a predicted frame adds (m^2, rad^2)."""
_PREDICTION_DECAY = 0.9


@dataclass
class Track:
    """One foot through time; `pose` is the last refined one."""

    pose: FootPose
    filter: PoseFilter
    side_evidence: float = 1.0
    measured_frames: int = 1
    lost_frames: int = 0

    @property
    def points(self) -> np.ndarray:
        """Model points (8, 3), foot frame."""
        return foot.keypoints(self.pose.side, self.pose.foot_length)


class Tracker:
    """Keeps one `Track` per foot in view."""

    def __init__(self, config: StabilizerConfig) -> None:
        self._config = config
        self.reset()

    def reset(self) -> None:
        """Drop all tracks; ids start again at 1."""
        self.tracks: list[Track] = []
        self._next_id = 1

    def drop_tracks(self) -> None:
        """Drop all tracks but go on counting ids."""
        self.tracks = []

    def update(
        self, poses_raw: list[FootPose], displacements: list[np.ndarray | None], camera: Camera, dt: float
    ) -> list[FootPose]:
        """Step one frame.

        Args:
            poses_raw: measured poses, untracked.
            displacements: of each track by optical flow, (2,) image px, or None.
            camera: intrinsics.
            dt: seconds since the last frame, positive.

        Returns:
            One pose per track, by track id.
        """
        shifts = [
            camera_shift(d, t.pose.T_camera_foot[2, 3], camera) for t, d in zip(self.tracks, displacements, strict=True)
        ]
        pairs = dict(assign(self._benefit(poses_raw, shifts, camera)))
        for i, (track, shift) in enumerate(zip(self.tracks, shifts, strict=True)):
            if i in pairs:
                self._measure(track, poses_raw[pairs[i]], shift, camera, dt)
            else:
                track.lost_frames += 1
                _predict(track, shift, dt)
        self.tracks = [t for t in self.tracks if self._is_alive(t, camera)]
        matched = set(pairs.values())
        for j, raw in enumerate(poses_raw):
            if j not in matched:
                pose = replace(raw, track_id=self._next_id)
                self.tracks.append(Track(pose, FILTERS[self._config.method](self._config, raw.T_camera_foot)))
                self._next_id += 1
        surest_first = sorted(self.tracks, key=lambda t: (t.lost_frames, -t.pose.score))
        self.tracks = sorted(surest_first[: self._config.max_feet], key=lambda t: t.pose.track_id)
        return [t.pose for t in self.tracks]

    def _benefit(self, poses_raw: list[FootPose], shifts: list[np.ndarray | None], camera: Camera) -> np.ndarray:
        """How well each pose (column) fits each track (row): 1 on the spot, 0 beyond the gate."""
        benefit = np.zeros((len(self.tracks), len(poses_raw)))
        for i, (track, shift) in enumerate(zip(self.tracks, shifts, strict=True)):
            expected = shifted(track.pose.T_camera_foot, shift)
            gate = _GATE + _GATE_GROWTH * track.lost_frames
            for j, raw in enumerate(poses_raw):
                gap = _gap(expected, raw.T_camera_foot, track.points, camera)
                if gap < gate:
                    benefit[i, j] = 1 - gap / gate + _SAME_SIDE_BONUS * (raw.side == track.pose.side)
        return benefit

    def _measure(self, track: Track, raw: FootPose, shift: np.ndarray | None, camera: Camera, dt: float) -> None:
        track.lost_frames = 0
        track.measured_frames += 1
        agrees = raw.side == track.pose.side
        track.side_evidence = min(track.side_evidence + (1 if agrees else -1), _SIDE_MEMORY)
        if track.side_evidence <= -_SIDE_SWITCH:
            track.side_evidence = _SIDE_SWITCH
            track.filter = FILTERS[self._config.method](self._config, raw.T_camera_foot)
            track.pose = replace(raw, track_id=track.pose.track_id)
            return
        turn = se3.rotation_angle(track.pose.T_camera_foot[:3, :3], raw.T_camera_foot[:3, :3])
        if not agrees and turn > _MAX_TURN:
            _predict(track, shift, dt)
            return
        no_shift = np.zeros(3)
        measurement = Measurement(
            raw.T_camera_foot, raw.covariance, no_shift if shift is None else shift, dt, camera, track.points
        )
        T = track.filter.update(measurement)
        track.pose = replace(raw, T_camera_foot=T, side=track.pose.side, track_id=track.pose.track_id)

    def _is_alive(self, track: Track, camera: Camera) -> bool:
        if track.lost_frames == 0:
            return True
        if track.lost_frames > self._config.max_lost_frames or track.measured_frames < _CONFIRMED_AFTER:
            return False
        pixels = camera.project(se3.transform_points(track.pose.T_camera_foot, track.points))
        in_view = ((pixels >= 0) & (pixels < (camera.width, camera.height))).all(1).any()
        doubled = any(
            other.lost_frames == 0
            and _gap(other.pose.T_camera_foot, track.pose.T_camera_foot, track.points, camera) < _ONE_FOOT
            for other in self.tracks
        )
        return bool(in_view and not doubled)


def _predict(track: Track, shift: np.ndarray | None, dt: float) -> None:
    track.pose = replace(
        track.pose,
        T_camera_foot=track.filter.predict(shift, dt),
        status=PoseStatus.PREDICTED,
        score=track.pose.score * _PREDICTION_DECAY,
        reprojection_error=float("nan"),
        covariance=track.pose.covariance + _PREDICTION_NOISE,
    )


def _gap(T_a: np.ndarray, T_b: np.ndarray, points: np.ndarray, camera: Camera) -> float:
    """Mean distance of the model points projected at two poses, in foot extents; infinite behind the camera."""
    a, b = (camera.project(se3.transform_points(T, points)) for T in (T_a, T_b))
    gap = np.linalg.norm(a - b, axis=1).mean() / max(np.linalg.norm(np.ptp(a, 0)), 1.0)
    return float(gap) if np.isfinite(gap) else np.inf
