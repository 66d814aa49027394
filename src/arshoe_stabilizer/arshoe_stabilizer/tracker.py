"""Feet through time: which measured pose is which foot, its side, and where it is while it is not seen."""

from dataclasses import dataclass, field, replace

import numpy as np

from arshoe_core import foot, se3
from arshoe_core.assignment import assign
from arshoe_core.camera import Camera
from arshoe_core.types import FootPose, PoseStatus
from arshoe_stabilizer.arshoe_method import ArshoeFilter
from arshoe_stabilizer.arshoe_plus import ArshoePlusFilter
from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.kalman import KalmanFilter
from arshoe_stabilizer.method import NoFilter, PoseFilter, Step, shifted
from arshoe_stabilizer.one_euro import OneEuroFilter

FILTERS: dict[str, type[PoseFilter]] = {
    "arshoe_plus": ArshoePlusFilter,
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
_LONG_HELD = 15
"""Measured frames after which a lost track is believed where a foot of the other side is: one crosses the other."""
_CONFIRMED_AFTER = 3
"""Measured frames after which a track is predicted when lost; a false detection is not drawn out."""
_MEMORY_S, _RIVAL_FRAMES = 1.0, 3
"""Time constant of the evidence for a side and heading: others must persist 0.7 s against a long-held one, and these
frames against any."""
_MAX_TURN = np.deg2rad(60)
"""A foot doesn't turn farther from one frame to the next: a measured pose that does is turned round."""
_USABLE_TURN = np.deg2rad(45)
"""A pose of the wrong side is still used where it turns the track by less than this."""
_PREDICTION_NOISE = np.diag([0.005, 0.005, 0.01, 0.03, 0.03, 0.03]) ** 2
"""Covariance that a predicted frame adds (m^2, rad^2)."""
_PREDICTION_DECAY = 0.9


@dataclass
class Rival:
    """The last of those measured poses that contradict a track but not one another, and the evidence for them."""

    pose: FootPose
    evidence: float
    frames: int = 1


@dataclass
class Track:
    """One foot through time.

    Attributes:
        pose: the last refined one.
        evidence: fading sum of the scores of poses that agreed with it in side and heading.
        rival: what a foot of the other side or heading would be, None while nothing contradicts.
        measured_frames: in all. lost_frames: since it was last measured.
        speed_px: (2,) of the foot in the image by the last optical flow, px/s.
    """

    pose: FootPose
    filter: PoseFilter
    evidence: float
    rival: Rival | None = None
    measured_frames: int = 1
    lost_frames: int = 0
    speed_px: np.ndarray = field(default_factory=lambda: np.zeros(2))

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

    def update(self, poses_raw: list[FootPose], steps: list[Step], camera: Camera) -> list[FootPose]:
        """Step one frame.

        Args:
            poses_raw: measured poses, untracked.
            steps: of each track since the last frame.
            camera: intrinsics.

        Returns:
            One pose per track, by track id.
        """
        pairs = dict(assign(self._benefit(poses_raw, steps, camera)))
        for i, (track, step) in enumerate(zip(self.tracks, steps, strict=True)):
            track.speed_px = np.zeros(2) if step.pairs is None else step.pairs.mean_displacement / step.dt
            if i in pairs:
                self._measure(track, poses_raw[pairs[i]], step)
            else:
                track.lost_frames += 1
                _predict(track, step)
        self.tracks = [t for t in self.tracks if self._is_alive(t, camera)]
        matched = set(pairs.values())
        for j, raw in enumerate(poses_raw):
            if j not in matched:
                self.tracks.append(Track(replace(raw, track_id=self._next_id), self._filter(raw), raw.score))
                self._next_id += 1
        surest_first = sorted(self.tracks, key=lambda t: (t.lost_frames, -t.pose.score))
        self.tracks = sorted(surest_first[: self._config.max_feet], key=lambda t: t.pose.track_id)
        return [t.pose for t in self.tracks]

    def _filter(self, raw: FootPose) -> PoseFilter:
        return FILTERS[self._config.method](self._config, raw)

    def _benefit(self, poses_raw: list[FootPose], steps: list[Step], camera: Camera) -> np.ndarray:
        """How well each pose (column) fits each track (row): 1 on the spot, 0 beyond the gate."""
        benefit = np.zeros((len(self.tracks), len(poses_raw)))
        for i, (track, step) in enumerate(zip(self.tracks, steps, strict=True)):
            expected = shifted(track.pose.T_camera_foot, step)
            gate = _GATE + _GATE_GROWTH * track.lost_frames
            gaps = _gaps(expected, [raw.T_camera_foot for raw in poses_raw], track.points, camera)
            for j, (raw, gap) in enumerate(zip(poses_raw, gaps, strict=True)):
                if gap < gate:
                    benefit[i, j] = 1 - gap / gate + _SAME_SIDE_BONUS * (raw.side == track.pose.side)
        return benefit

    def _measure(self, track: Track, raw: FootPose, step: Step) -> None:
        track.lost_frames = 0
        track.measured_frames += 1
        if self._gives_way(track, raw, step.dt):
            track.filter = self._filter(raw)
            track.pose = replace(raw, track_id=track.pose.track_id)
        elif _turn(track.pose, raw) < (_MAX_TURN if raw.side == track.pose.side else _USABLE_TURN):
            T = track.filter.update(raw, step)
            track.pose = replace(raw, T_camera_foot=T, side=track.pose.side, track_id=track.pose.track_id)
        else:
            _predict(track, step)

    def _gives_way(self, track: Track, raw: FootPose, dt: float) -> bool:
        """Weigh the evidence; whether poses of another side or heading than the track's, raw among them, have won."""
        fade = float(np.exp(-dt / _MEMORY_S))
        track.evidence *= fade
        if track.rival:
            track.rival.evidence *= fade
        if _agree(track.pose, raw):
            track.evidence += raw.score
            return False
        if track.rival and _agree(track.rival.pose, raw):
            track.rival = Rival(raw, track.rival.evidence + raw.score, track.rival.frames + 1)
        elif track.rival is None or track.rival.evidence < raw.score:
            track.rival = Rival(raw, raw.score)
        if track.rival.frames < _RIVAL_FRAMES or track.rival.evidence <= track.evidence:
            return False
        track.evidence, track.rival = track.rival.evidence, Rival(track.pose, track.evidence)
        return True

    def _is_alive(self, track: Track, camera: Camera) -> bool:
        if track.lost_frames == 0:
            return True
        if track.lost_frames > self._config.max_lost_frames or track.measured_frames < _CONFIRMED_AFTER:
            return False
        pixels = camera.project(se3.transform_points(track.pose.T_camera_foot, track.points))
        in_view = ((pixels >= 0) & (pixels < (camera.width, camera.height))).all(1).any()
        crossing = track.measured_frames >= _LONG_HELD
        seen = [
            other.pose.T_camera_foot
            for other in self.tracks
            if other.lost_frames == 0 and not (crossing and other.pose.side != track.pose.side)
        ]
        doubled = (_gaps(track.pose.T_camera_foot, seen, track.points, camera) < _ONE_FOOT).any()
        return bool(in_view and not doubled)


def _turn(a: FootPose, b: FootPose) -> float:
    return se3.rotation_angle(a.T_camera_foot[:3, :3], b.T_camera_foot[:3, :3])


def _agree(a: FootPose, b: FootPose) -> bool:
    return a.side == b.side and _turn(a, b) < _MAX_TURN


def _predict(track: Track, step: Step) -> None:
    track.pose = replace(
        track.pose,
        T_camera_foot=track.filter.predict(step),
        status=PoseStatus.PREDICTED,
        score=track.pose.score * _PREDICTION_DECAY,
        reprojection_error=float("nan"),
        covariance=track.pose.covariance + _PREDICTION_NOISE,
    )


def _gaps(T: np.ndarray, others: list[np.ndarray], points: np.ndarray, camera: Camera) -> np.ndarray:
    """Mean distances of the model points (8, 3) projected at T and at other poses, in foot extents at T.

    Returns:
        One per other pose; infinite behind the camera.
    """
    poses = np.array([T, *others])
    pixels = camera.project(points @ poses[:, :3, :3].transpose(0, 2, 1) + poses[:, None, :3, 3])
    distances = np.linalg.norm(pixels[1:] - pixels[0], axis=-1).mean(-1)
    return np.nan_to_num(distances / max(np.linalg.norm(np.ptp(pixels[0], 0)), 1.0), nan=np.inf)
