"""Speed of rendering two shoes on the demo bag's feet: each part, start, change of the shoe, memory."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice

import cv2
import numpy as np
import psutil

from arshoe_bench.bags import demo_bag, fill
from arshoe_bench.pipeline_benchmark import StageTimes, machine
from arshoe_core.camera import Camera
from arshoe_core.errors import require_range
from arshoe_core.types import FootPose
from arshoe_media.bag_reader import BagReader
from arshoe_perception import FootEstimator
from arshoe_render import TryOnConfig, TryOnRenderer
from arshoe_render.shoe import bundled_shoes, load_shoe
from arshoe_render.shoe_loader import ready_shoe

Scene = tuple[np.ndarray, np.ndarray, Camera, list[FootPose]]
"""Picture, mask, camera and poses of one frame."""

SIZES = ((640, 480), (1280, 720))
WARM_UP = 10
_START = """
import time
start = time.perf_counter()
import numpy as np
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.se3 import from_rt
from arshoe_core.types import FootPose
from arshoe_render import TryOnRenderer
imported = time.perf_counter()
pose = FootPose(Side.LEFT, from_rt(np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]), (0, 0, 1)))
image, mask = np.full((480, 640, 3), 99, np.uint8), np.zeros((480, 640), np.uint8)
TryOnRenderer().render(image, mask, Camera.from_fov(640, 480), [pose])
print(imported - start, time.perf_counter() - imported)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench render`."""
    parser.add_argument("--frames", type=int, default=60, help="frames of the demo bag to run on (default 60)")
    parser.add_argument("--repeats", type=int, default=500, help="frames over which memory is watched (default 500)")
    parser.add_argument("--shoe", default=TryOnConfig().shoe, help="name of a bundled shoe, or path of a .glb file")


def run(options: argparse.Namespace) -> dict:
    """Print and return the tables."""
    os.environ.setdefault("LP_NUM_THREADS", "1")  # so that the clock shows what a frame costs
    require_range("frames", options.frames, 1, 100_000)
    require_range("repeats", options.repeats, 1, 1_000_000)
    scenes = list(_scenes(options.frames))
    figures: dict = {"machine": machine(), "sizes": {}}
    for width, height in SIZES:
        sized = [_resized(scene, width, height) for scene in scenes]
        for method in ("silhouette", "mesh"):
            config = TryOnConfig(shoe=options.shoe, occlusion=method)
            figures["sizes"][f"{width}x{height} {method}"] = _parts(config, sized)
    figures["start_s"] = _start_seconds()
    figures["shoe_change"] = _shoe_change()
    figures["memory"] = _memory(TryOnConfig(shoe=options.shoe), scenes, options.repeats)
    figures["triangles"] = 2 * sum(len(mesh.faces) for mesh in load_shoe(options.shoe).meshes)
    _print(figures)
    return figures


def _scenes(frames: int) -> Iterator[Scene]:
    """The demo bag's frames with what the network sees in them."""
    estimator = FootEstimator()
    for frame in islice(BagReader(demo_bag()), frames):
        camera = frame.camera or Camera.from_fov(frame.image.shape[1], frame.image.shape[0])
        estimate = estimator(frame.image, camera)
        yield frame.image, estimate.mask, camera, estimate.poses


def _resized(scene: Scene, width: int, height: int) -> Scene:
    """The scene at another size; the sides are cut off where the shape differs."""
    image, mask, camera, poses = scene
    if (camera.width, camera.height) == (width, height):
        return scene
    mask, _ = fill(mask, camera, width, height, cv2.INTER_NEAREST)
    image, camera = fill(image, camera, width, height)
    return image, mask, camera, poses


class CpuTimes:
    """Processor time of each part, all of it: software GL works in a thread of its own. Unlike the clock's time it
    changes little when other programs run."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Add the body's time to a part."""
        start = time.process_time()
        yield
        self.ms[part] = self.ms.get(part, 0.0) + 1e3 * (time.process_time() - start)


def _parts(config: TryOnConfig, scenes: list[Scene]) -> dict[str, dict[str, float]]:
    """Milliseconds a frame takes: mean processor time of each part and of all, and the clock's."""
    cpu, clock = CpuTimes(), StageTimes()
    renderer = TryOnRenderer(config, cpu)
    for image, mask, camera, poses in scenes[:WARM_UP]:
        renderer.render(image, mask, camera, poses)
    cpu.ms.clear()
    for image, mask, camera, poses in scenes:
        with clock("clock"), cpu("all"):
            renderer.render(image, mask, camera, poses)
    renderer.release()
    return {"cpu_ms": {part: ms / len(scenes) for part, ms in cpu.ms.items()}, **clock.summary()}


def _start_seconds() -> dict[str, float]:
    """In a new process: imports, and from there to the first picture."""
    done = subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True)
    imports, first = map(float, done.stdout.split())
    return {"imports": imports, "first_picture": first}


def _shoe_change() -> dict[str, float]:
    """Milliseconds to make a bundled shoe ready, which render_node does in a thread, and to bring it to the GPU."""
    renderer, times = TryOnRenderer(), StageTimes()
    for name in islice(cycle(sorted(bundled_shoes())), 12):
        with times("load"):
            ready = ready_shoe(name)
        with times("upload"):
            renderer.set_shoe(ready)
    renderer.release()
    return {name: float(np.median(ms)) for name, ms in times.ms.items()}


def _memory(config: TryOnConfig, scenes: list[Scene], frames: int) -> dict[str, float]:
    """Resident memory after the warm-up, and how much it grew over as many frames, MB."""
    renderer, process = TryOnRenderer(config), psutil.Process()
    sequence = cycle(scenes)
    for image, mask, camera, poses in islice(sequence, 2 * WARM_UP):
        renderer.render(image, mask, camera, poses)
    before = process.memory_info().rss
    for image, mask, camera, poses in islice(sequence, frames):
        renderer.render(image, mask, camera, poses)
    grown = process.memory_info().rss - before
    renderer.release()
    return {"resident_mb": before / 1e6, "growth_mb": grown / 1e6, "frames": frames}


def _print(figures: dict) -> None:
    print(", ".join(f"{key} {value}" for key, value in figures["machine"].items()))
    sizes = figures["sizes"]
    print(
        f"\nms a frame, two shoes, {figures['triangles']} triangles: processor time (mean), and the clock's p50 (p95)\n"
    )
    print("| part | " + " | ".join(sizes) + " |\n|---|" + "---|" * len(sizes))
    for part in next(iter(sizes.values()))["cpu_ms"]:
        print(f"| {part} | " + " | ".join(f"{size['cpu_ms'].get(part, 0.0):.1f}" for size in sizes.values()) + " |")
    cells = (f"{size['clock']['ms_p50']:.1f} ({size['clock']['ms_p95']:.1f})" for size in sizes.values())
    print("| clock | " + " | ".join(cells) + " |")
    start, change, memory = figures["start_s"], figures["shoe_change"], figures["memory"]
    print(f"\nstart: imports {start['imports']:.2f} s, then to the first picture {start['first_picture']:.2f} s")
    print(f"another shoe: load {change['load']:.0f} ms, to the GPU {change['upload']:.0f} ms")
    print(f"memory: {memory['resident_mb']:.0f} MB, grown by {memory['growth_mb']:.1f} MB in {memory['frames']} frames")
