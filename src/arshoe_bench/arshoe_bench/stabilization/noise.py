"""Measured poses with the errors our network makes: noisy keypoints of true feet through the real PoseEstimator."""

from dataclasses import dataclass

import numpy as np

from arshoe_bench.stabilization.motion import FEET
from arshoe_core.camera import Camera
from arshoe_core.foot import NUM_KEYPOINTS
from arshoe_core.types import FootKeypoints, FootPose
from arshoe_perception.pose_estimator import PoseEstimator


@dataclass(frozen=True)
class KeypointNoise:
    """What the network's keypoints are off, in cells of its 64 x 64 maps.

    Measured by `bench stabilizer --measure-noise` on the demo bag (300 frames, 600 feet) against its ground truth. The
    error hardly depends on time, but on what is seen: between two frames it differs by 0.1 cells (/ sqrt 2) where the
    foot has moved by a tenth of a cell in the picture, by 0.3 where it has moved by a cell and by 0.6 for 6 cells. So
    it is drawn as a random function of where the keypoints are, plus a small part that is new in each frame.

    Attributes:
        deviation: (8,) standard deviation of each keypoint's x and y.
        shared: share of that variance that all keypoints of a foot have in common.
        length: RMS motion of the keypoints, cells, over which the correlation falls to 1/e.
        trembling: standard deviation of the part that is new in each frame.
        bias: standard deviation of a constant error, as the foot's shape makes it.
        outliers: share of keypoints that are `outlier_size` cells off.
        score, score_deviation, score_slope: mean and deviation of the score of a keypoint in its place, and how much it
            loses for each cell it is off.
        missing: share of keypoints that are not found.
        missed, ghosts: share of feet that are not found, and false feet per frame. The bag has neither; these are the
            most that 0 of 600 and 0 of 300 leave likely (95 %).
    """

    deviation: tuple[float, ...] = (0.68, 0.22, 0.58, 0.27, 0.43, 0.47, 0.56, 0.44)
    shared: float = 0.19
    length: float = 6.5
    trembling: float = 0.059
    bias: float = 0.47
    outliers: float = 0.021
    outlier_size: float = 2.5
    score: float = 0.69
    score_deviation: float = 0.09
    score_slope: float = 0.06
    missing: float = 0.002
    missed: float = 0.005
    ghosts: float = 0.01


_FEATURES = 200
"""Waves that make up a random function."""
_GHOST_SCORE = 0.35


class _Field:
    """Random functions of a place (D,), each of mean 0, variance 1 and correlation exp(-distance / length).

    Random Fourier features (Rahimi and Recht, 2007); the spectrum of that correlation is multivariate Cauchy.
    """

    def __init__(self, rng: np.random.Generator, inputs: int, outputs: int, length: float) -> None:
        normal = rng.standard_normal((_FEATURES, inputs))
        self._waves = normal / np.abs(rng.standard_normal((_FEATURES, 1))) / length
        self._phases = rng.uniform(0, 2 * np.pi, _FEATURES)
        self._weights = rng.standard_normal((outputs, _FEATURES)) * np.sqrt(2 / _FEATURES)

    def __call__(self, place: np.ndarray) -> np.ndarray:
        """Values (outputs,) at a place (inputs,)."""
        return self._weights @ np.cos(self._waves @ place + self._phases)


class NoisyFoot:
    """The keypoints the network would find of one foot, frame after frame."""

    def __init__(self, noise: KeypointNoise, rng: np.random.Generator) -> None:
        self._noise, self._rng = noise, rng
        self._errors = _Field(rng, 2 * NUM_KEYPOINTS, 2 * NUM_KEYPOINTS + 2, noise.length)
        self._jumps = _Field(rng, 2 * NUM_KEYPOINTS, NUM_KEYPOINTS, noise.length)
        self._bias = rng.normal(0, noise.bias, (NUM_KEYPOINTS, 2))
        self._threshold = np.quantile(rng.standard_normal(100_000), 1 - noise.outliers)
        angle = rng.uniform(0, 2 * np.pi, NUM_KEYPOINTS)
        self._jump = noise.outlier_size * np.column_stack([np.cos(angle), np.sin(angle)])

    def __call__(self, points: np.ndarray, camera: Camera, cell_px: float) -> FootKeypoints:
        """Keypoints for true ones (8, 2) in px; those outside the picture are missing."""
        noise, rng = self._noise, self._rng
        place = (points / cell_px).ravel() / np.sqrt(NUM_KEYPOINTS)
        values = self._errors(place).reshape(-1, 2)
        mixed = np.sqrt(noise.shared) * values[-1] + np.sqrt(1 - noise.shared) * values[:-1]
        error = np.array(noise.deviation)[:, None] * mixed + self._bias
        error += rng.normal(0, noise.trembling, error.shape)
        off = self._jumps(place) > self._threshold
        error[off] += self._jump[off]
        scores = noise.score + rng.normal(0, noise.score_deviation, NUM_KEYPOINTS)
        scores -= noise.score_slope * np.linalg.norm(error, axis=1)
        seen = ((points >= 0) & (points < (camera.width, camera.height))).all(1)
        gone = ~seen | (rng.random(NUM_KEYPOINTS) < noise.missing)
        found = points + cell_px * error
        found[gone], scores = np.nan, np.where(gone, 0, np.clip(scores, 0.15, 1))
        return FootKeypoints(found.astype(np.float32), scores.astype(np.float32))


def measured_poses(
    truth: list[list[FootPose]], hidden: np.ndarray, camera: Camera, cell_px: float, noise: KeypointNoise,
    rng: np.random.Generator,
) -> list[list[FootPose]]:  # fmt: skip
    """The poses of each frame as pose_node would give them.

    Args:
        truth: of each frame, left and right.
        hidden: (N, 2) bool, feet that can't be seen.
        cell_px: size of a cell of the network's maps in image px.
    """
    feet, estimator, measured = [NoisyFoot(noise, rng) for _ in FEET], PoseEstimator(), []
    for poses, gone in zip(truth, hidden, strict=True):
        keypoints = []
        for i, pose in enumerate(poses):
            found = feet[i](camera.project(pose.keypoints()), camera, cell_px)
            missed, ghost = rng.random(2) < (noise.missed, noise.ghosts / len(feet))
            if not (gone[i] or missed) and found.found.sum() >= estimator.config.min_keypoints:
                keypoints.append(found)
            if ghost:
                keypoints.append(_ghost(found, rng))
        measured.append(estimator.from_keypoints(keypoints, camera, cell_px)[1])
    return measured


def _ghost(foot: FootKeypoints, rng: np.random.Generator) -> FootKeypoints:
    """A false foot: the shape of a true one, elsewhere and with poor scores."""
    angle = rng.uniform(0, 2 * np.pi)
    away = 1.5 * np.linalg.norm(np.nanmax(foot.points, 0) - np.nanmin(foot.points, 0))
    points = foot.points + np.float32(away) * np.float32([np.cos(angle), np.sin(angle)])
    return FootKeypoints(points.astype(np.float32), np.minimum(foot.scores, np.float32(_GHOST_SCORE)))
