"""How the cost grows: with the picture's size, the number of feet, the shoe's triangles, and fewer cores."""

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from arshoe_bench import bags
from arshoe_bench.graph_run import measure
from arshoe_bench.pipeline_benchmark import StageTimes, machine, make_pipeline
from arshoe_core.camera import Camera
from arshoe_core.errors import require_range
from arshoe_core.types import NetworkOutput
from arshoe_media.bag_reader import BagReader
from arshoe_media.frames import Frame
from arshoe_perception.mask import decode_mask
from arshoe_perception.network_runner import NetworkConfig, NetworkRunner
from arshoe_perception.pose_estimator import PoseConfig, PoseEstimator
from arshoe_render import TryOnRenderer
from arshoe_render.gpu_mesh import pack
from arshoe_render.mesh import Mesh
from arshoe_render.mesh_decimation import decimate
from arshoe_render.shoe import load_shoe
from arshoe_render.shoe_loader import ReadyShoe
from arshoe_stabilizer import Stabilizer, StabilizerConfig

SIZES = ((320, 240), (640, 480), (960, 720), (1280, 720), (1920, 1080))
TRIANGLES = ((1000, 0), (0, 0), (0, 1), (3125, 2))
"""Triangles that the shoe is first reduced to (0: as it is), and how often each is then cut into four."""
CORES = (1, 2, 4)
MAX_SIDE_BY_SIDE = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench growth`."""
    parser.add_argument("--frames", type=int, default=60, help="frames of the demo bag for each row (default 60)")
    parser.add_argument("--backend", default=NetworkConfig().backend, help="library that runs the network")


def run(options: argparse.Namespace) -> dict:
    """Print tables; return {machine, growth {size, feet, triangles {row {stage {ms_p50, ms_p95}}}, cores {n {…}}}}."""
    require_range("frames", options.frames, 2, 100_000)
    frames = list(islice(BagReader(bags.demo_bag()), options.frames))
    growth = {
        "size": {f"{w}x{h}": of_size(frames, w, h, options.backend) for w, h in SIZES},
        "feet": of_feet(frames, options.backend),
        "triangles": of_triangles(frames, options.backend),
    }
    print(", ".join(f"{key} {value}" for key, value in machine().items()))
    for name, rows in growth.items():
        _print_stages(name, rows)
    growth["cores"] = {
        str(n): measure(bags.demo_bag(), 1.0, cores=f"0-{n - 1}") for n in CORES if n <= (os.cpu_count() or 1)
    }
    print("\n| cores | rendered at 30 Hz | latency p50 / p95 ms | CPU ms per frame |\n|---|---|---|---|")
    for n, graph in growth["cores"].items():
        rendered, latency = f"{graph['frames_out']} of {graph['frames_in']}", graph["latency_ms"]
        print(f"| {n} | {rendered} | {latency['p50']} / {latency['p95']} | {graph['cpu_ms_per_frame']:.1f} |")
    return {"machine": machine(), "growth": growth}


def of_size(frames: list[Frame], width: int, height: int, backend: str) -> dict:
    """Milliseconds of each stage on pictures of a size."""
    times = StageTimes()
    pipeline = make_pipeline(backend, times)
    for i, frame in enumerate(bags.resized(frames, width, height)):
        pipeline(frame.image, frame.camera, frame.stamp_ns / 1e9)
        if i == 0:  # shaders and memory are made on the first frame
            times.ms.clear()
    return times.summary()


def of_feet(frames: list[Frame], backend: str) -> dict:
    """Milliseconds of the stages after the network by feet in view: 1, or 2, 4, 6 in copies of a frame side by side."""
    network, rows = NetworkRunner(NetworkConfig(backend=backend)), {}
    for feet in (1, *range(2, 2 * MAX_SIDE_BY_SIDE + 1, 2)):
        times = StageTimes()
        pose = PoseEstimator(PoseConfig(max_feet=feet))
        stabilizer, renderer = Stabilizer(StabilizerConfig(max_feet=feet)), TryOnRenderer()
        for i, (frame, output) in enumerate(_side_by_side(frames, network, -(-feet // 2))):
            with times("mask"):
                mask = decode_mask(output)
            with times("pose"):
                _, poses = pose(output, frame.camera)
            with times("stabilizer"):
                poses = stabilizer.update(frame.image, mask, frame.camera, frame.stamp_ns / 1e9, poses)
            with times("render"):
                renderer.render(frame.image, mask, frame.camera, poses)
            if i == 0:
                times.ms.clear()
        renderer.release()
        rows[str(feet)] = times.summary()
    return rows


def of_triangles(frames: list[Frame], backend: str) -> dict:
    """Milliseconds of rendering two shoes by the triangles of each."""
    network, pose, shoe, rows = NetworkRunner(NetworkConfig(backend=backend)), PoseEstimator(), load_shoe("sneaker"), {}
    scenes = []
    for frame in frames:
        output, camera = network(frame.image), _camera(frame)
        scenes.append((frame.image, decode_mask(output), camera, pose(output, camera)[1]))
    for fewer, cuts in TRIANGLES:
        meshes = decimate(list(shoe.meshes), fewer) if fewer else list(shoe.meshes)
        for _ in range(cuts):
            meshes = [subdivided(mesh) for mesh in meshes]
        renderer, times = TryOnRenderer(), StageTimes()
        renderer.set_shoe(ReadyShoe(replace(shoe, meshes=meshes), [pack(mesh) for mesh in meshes]))
        for i, scene in enumerate(scenes):
            with times("render"):
                renderer.render(*scene)
            if i == 0:
                times.ms.clear()
        renderer.release()
        rows[f"2 x {sum(len(mesh.faces) for mesh in meshes)}"] = times.summary()
    return rows


def subdivided(mesh: Mesh) -> Mesh:
    """The same surface with each triangle cut into four at the middles of its sides."""
    edges, of_face = np.unique(
        np.sort(mesh.faces[:, [[0, 1], [1, 2], [2, 0]]], -1).reshape(-1, 2), axis=0, return_inverse=True
    )
    (a, b, c), (ab, bc, ca) = mesh.faces.T, len(mesh.vertices) + of_face.reshape(-1, 3).T
    faces = np.stack([a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca], -1).reshape(-1, 3).astype(np.int32)

    def with_middles(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else np.concatenate([values, values[edges].mean(1)]).astype(np.float32)

    normals = with_middles(mesh.normals)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    changed = {name: with_middles(getattr(mesh, name)) for name in ("vertices", "uvs", "colors")}
    return replace(mesh, faces=faces, normals=normals, tangents=None, **changed)


def _side_by_side(frames: list[Frame], network: NetworkRunner, copies: int) -> Iterator[tuple[Frame, NetworkOutput]]:
    """Each frame and the network's output on it, both that many times beside themselves."""
    for frame in frames:
        output, camera = network(frame.image), _camera(frame)
        wide = replace(camera, width=copies * camera.width)
        image = np.tile(frame.image, (1, copies, 1))
        maps = {name: _tiled(output, name, copies) for name in ("heatmaps", "pafs", "segmentation")}
        yield replace(frame, image=image, camera=wide), replace(output, image_width=wide.width, **maps)


def _tiled(output: NetworkOutput, name: str, copies: int) -> np.ndarray:
    """Maps of a letterboxed picture, its columns once for each copy (a picture wider than high fills all of them)."""
    return np.tile(getattr(output, name), (1, 1, copies))


def _camera(frame: Frame) -> Camera:
    return frame.camera or Camera.from_fov(frame.image.shape[1], frame.image.shape[0])


def _print_stages(name: str, rows: dict) -> None:
    stages = list(next(iter(rows.values())))
    print(f"\n| {name} | " + " | ".join(f"{stage} ms p50" for stage in stages) + " |\n|---|" + "---|" * len(stages))
    for row, figures in rows.items():
        print(f"| {row} | " + " | ".join(f"{figures[stage]['ms_p50']:.2f}" for stage in stages) + " |")
