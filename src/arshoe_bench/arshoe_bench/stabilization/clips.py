"""The clips: motions of known truth, rendered once and kept on disk, so that trying a parameter only stabilises."""

import hashlib
import logging
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import cv2
import numpy as np

from arshoe_bench.stabilization import motion, scene
from arshoe_bench.stabilization.motion import Moment, Motion, Person
from arshoe_bench.stabilization.scene import CAMERA, Scene
from arshoe_core.files import replacing
from arshoe_core.types import FootPose
from arshoe_render.gl_renderer import GlRenderer

logger = logging.getLogger(__name__)

JPEG_QUALITY = 90


@dataclass(frozen=True)
class ClipKind:
    """What happens in a clip.

    Attributes:
        summary: for tables.
        move: of a person and the time in seconds.
        duration: seconds.
        rate: frames per second.
        dropped: share of frames that are missing.
        late: most that a frame's time is off its place, in frame intervals.
        cut: another scene and person from half time on.
        back: the stamps go back to the start at half time, as in a bag that loops.
        plain: dark and without texture.
    """

    summary: str
    move: Callable[[Person, float], Moment]
    duration: float = 3.5
    rate: float = 30.0
    dropped: float = 0.0
    late: float = 0.0
    cut: bool = False
    back: bool = False
    plain: bool = False


KINDS = {
    "still": ClipKind("camera and feet at rest", motion.still, 3.0),
    "handheld": ClipKind("feet at rest, camera held in a hand", motion.handheld),
    "turn": ClipKind("a foot is lifted and slowly turned", motion.turn, 4.0),
    "walk": ClipKind("walking to and fro", motion.walk, 4.0),
    "kick": ClipKind("three fast kicks", motion.kick, 3.7),
    "occlusion": ClipKind("a foot is hidden for 5, 10 and 20 frames", motion.occlusion, 4.0),
    "cut": ClipKind("walking, with a cut to another scene", motion.walk, 3.5, cut=True),
    "cross": ClipKind("one foot steps over the other and back", motion.cross, 3.8),
    "15hz": ClipKind("walking at 15 Hz", motion.walk, 4.0, rate=15),
    "60hz": ClipKind("walking at 60 Hz", motion.walk, 2.5, rate=60),
    "dropped": ClipKind("walking, a fifth of the frames missing, the others up to 10 ms off", motion.walk, 4.0,
                        dropped=0.2, late=0.3),
    "plain": ClipKind("a slow turn, dark, without texture", motion.turn, 4.0, plain=True),
    "reset": ClipKind("handheld, the time goes back to the start", motion.handheld, 3.0, back=True),
    "orbit": ClipKind("the camera goes around resting feet", motion.orbit),
}  # fmt: skip


@dataclass(frozen=True)
class Clip:
    """A clip on disk.

    Attributes:
        name: key of KINDS.
        kind: what happens.
        stamps: (N,) seconds as given to the stabiliser.
        times: (N,) seconds in the motion; differs from the stamps where the time goes back.
        motion: moment of each of `times`, and of any time between.
        path: of the pictures.
    """

    name: str
    kind: ClipKind
    stamps: np.ndarray
    times: np.ndarray
    motion: Motion
    path: Path

    def frames(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pictures (H, W, 3) uint8 BGR and masks (H, W) uint8, one after another."""
        with np.load(self.path) as stored:
            pictures = np.split(stored["data"], np.cumsum(stored["sizes"])[:-1])
        for image, mask in zip(pictures[::2], pictures[1::2], strict=True):
            yield cv2.imdecode(image, cv2.IMREAD_COLOR), cv2.imdecode(mask, cv2.IMREAD_GRAYSCALE)

    @cached_property
    def truth(self) -> list[list[FootPose]]:
        """True poses, left and right, of each frame."""
        return [self.motion(time).poses() for time in self.times]

    @cached_property
    def hidden(self) -> np.ndarray:
        """(N, 2) bool, feet that are hidden on purpose."""
        return np.array([self.motion(time).hidden for time in self.times])


def clips(names: list[str], seed: int, folder: Path) -> Iterator[Clip]:
    """The clips of a seed by name; those not yet in the folder are rendered (seconds each).

    Raises:
        BadInputError: if the folder can't be written, or the machine has no headless OpenGL.
    """
    renderer = None
    for name in names:
        clip = _plan(name, seed, folder)
        if not clip.path.exists():
            logger.info("rendering %s", clip.path)
            renderer = renderer or GlRenderer(CAMERA.width, CAMERA.height)
            _render(clip, seed, renderer)
        yield clip
    if renderer:
        renderer.release()


def _rng(name: str, seed: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode()), purpose])


def _plan(name: str, seed: int, folder: Path) -> Clip:
    kind, rng = KINDS[name], _rng(name, seed, 0)
    times = np.arange(round(kind.duration * kind.rate)) / kind.rate
    times = times[rng.random(len(times)) >= kind.dropped]
    times = times + rng.uniform(-kind.late, kind.late, len(times)) / kind.rate
    half = kind.duration / 2
    people = [Person.sample(rng), Person.sample(rng)]

    def at(time: float) -> Moment:
        if kind.cut and time >= half:
            return replace(kind.move(people[1], time), scene=1)
        return kind.move(people[0], time)

    stamps = np.where(times >= half, times - half, times) if kind.back else times
    return Clip(name, kind, stamps, times, at, folder / f"{name}_{seed}_{_version()}.npz")


@cache
def _version() -> str:
    """Changes with the code that draws the clips."""
    sources = b"".join(Path(module.__file__).read_bytes() for module in (motion, scene)) + Path(__file__).read_bytes()
    return hashlib.sha1(sources).hexdigest()[:8]


def _render(clip: Clip, seed: int, renderer: GlRenderer) -> None:
    """Draw every frame and write the clip's file."""
    rng = _rng(clip.name, seed, 1)
    looks = [Scene(renderer, rng, clip.kind.plain) for _ in range(2 if clip.kind.cut else 1)]
    pictures = []
    for time in clip.times:
        moment = clip.motion(time)
        image, mask = looks[moment.scene].draw(moment, rng)
        pictures.append(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].ravel())
        pictures.append(cv2.imencode(".png", mask)[1].ravel())
    for look in looks:
        look.release()
    with replacing(clip.path) as partial, partial.open("wb") as file:
        np.savez(file, data=np.concatenate(pictures), sizes=[len(picture) for picture in pictures])
