"""How well the occlusion methods find the part of a virtual shoe that leg, foot and trousers hide, and what they cost.

Random views (see `occlusion_scenes`) with the true pose, with the exact mask and with the mask as maps of 64 x 64 cells
give it. The hidden part is what `none` draws and the method does not; its IoU with the truth is counted per view.
"""

import argparse
import time
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from arshoe_bench.occlusion_scenes import OcclusionScene, OcclusionStage
from arshoe_bench.pipeline_benchmark import machine
from arshoe_core.errors import require_range
from arshoe_core.files import write_file
from arshoe_core.types import MASK_FOOT, MASK_LEG, NetworkOutput
from arshoe_perception.mask import decode_mask
from arshoe_perception.preprocessing import INPUT_SIZE, STRIDE, cell_to_image_transform, letterbox
from arshoe_render import TryOnConfig, TryOnRenderer

METHODS = ("silhouette", "mesh")
SHEET_TILES = 30
TILE = 320


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench occlusion`."""
    parser.add_argument("--views", type=int, default=500, help="how many random views (default 500)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the views (default 0; the methods were made with others)"
    )
    parser.add_argument("--out", type=Path, help="folder for a sheet of the worst views of each method and mask")


def run(options: argparse.Namespace) -> dict:
    """Print a table of IoU and time per method and mask; return it as written by --json."""
    require_range("views", options.views, 1, 100_000)
    bench = _Bench()
    for scene in islice(OcclusionStage(options.seed).scenes(), options.views):
        bench.measure(scene, keep_picture=options.out is not None)
    figures = {"machine": machine(), "views": options.views, "seed": options.seed, **bench.figures()}
    _print(figures)
    if options.out:
        bench.write_sheets(options.out)
    return figures


def coarse_mask(mask: np.ndarray) -> np.ndarray:
    """A mask (H, W) uint8 as perfect maps of the network's resolution give it."""
    parts = np.dstack([mask == MASK_LEG, mask == MASK_FOOT, np.zeros_like(mask)]).astype(np.uint8) * 255
    square, input_to_image = letterbox(parts)
    square[square == 127] = 0  # the letterbox's padding
    cells = INPUT_SIZE // STRIDE
    maps = cv2.resize(square, (cells, cells), interpolation=cv2.INTER_AREA)[..., :2].transpose(2, 0, 1) / 255
    none = np.zeros((0, cells, cells), np.float32)
    height, width = mask.shape
    to_image = cell_to_image_transform(input_to_image)
    return decode_mask(NetworkOutput(none, none, maps.astype(np.float32), to_image, width, height))


class _Bench:
    def __init__(self) -> None:
        self._renderers: dict[tuple[str, str], TryOnRenderer] = {}
        self.ious: dict[str, list[float]] = {}
        self.overlaps: dict[str, list[tuple[int, int]]] = {}
        self.ms: dict[str, list[float]] = {}
        self.kinds: list[dict[str, str]] = []
        self.pictures: dict[str, list[np.ndarray]] = {}

    def measure(self, scene: OcclusionScene, keep_picture: bool) -> None:
        self.kinds.append(scene.kind)
        for mask_name, mask in (("exact", scene.mask), ("coarse", coarse_mask(scene.mask))):
            alone = self._render("none", scene, mask)
            for method in METHODS:
                drawn = self._render(method, scene, mask)
                hidden = _hidden(drawn, alone, scene.image) & scene.shoes
                common, either = (hidden & scene.hidden).sum(), (hidden | scene.hidden).sum()
                key = f"{method}, {mask_name} mask"
                self.ious.setdefault(key, []).append(float(common / max(either, 1)))
                self.overlaps.setdefault(key, []).append((int(common), int(either)))
                if keep_picture:
                    tile = _tile(scene, mask, hidden, self.ious[key][-1])
                    self.pictures.setdefault(key, []).append(tile)

    def _render(self, method: str, scene: OcclusionScene, mask: np.ndarray) -> np.ndarray:
        renderer = self._renderers.get((method, scene.shoe))
        if renderer is None:
            config = TryOnConfig(shoe=scene.shoe, occlusion=method, shoe_scale=1.0, contact_shadow=0.0)
            renderer = self._renderers[method, scene.shoe] = TryOnRenderer(config)
            renderer.render(scene.image, mask, scene.camera, scene.poses)  # makes shaders and memory
        renderer.reset()
        start = time.perf_counter()
        picture = renderer.render(scene.image, mask, scene.camera, scene.poses)
        self.ms.setdefault(method, []).append((time.perf_counter() - start) * 1e3)
        return picture

    def figures(self) -> dict:
        methods = {}
        for key, ious in self.ious.items():
            common, either = np.sum(self.overlaps[key], 0)
            methods[key] = {
                "iou_mean": float(np.mean(ious)),
                "iou_p10": float(np.percentile(ious, 10)),
                "iou_pooled": float(common / max(either, 1)),
                "by_kind": self._by_kind(ious),
            }
        none = np.array(self.ms["none"])
        ms = {method: float(np.median(np.array(self.ms[method]) - none)) for method in METHODS}
        return {"methods": methods, "ms_over_none": ms, "ms_none": float(np.median(none))}

    def _by_kind(self, ious: list[float]) -> dict[str, dict[str, float]]:
        table = {}
        for name in self.kinds[0]:
            values = sorted({kind[name] for kind in self.kinds})
            table[name] = {
                v: float(np.mean([i for i, k in zip(ious, self.kinds, strict=True) if k[name] == v])) for v in values
            }
        return table

    def write_sheets(self, folder: Path) -> None:
        for key, tiles in self.pictures.items():
            worst = [tiles[i] for i in np.argsort(self.ious[key])[:SHEET_TILES]]
            worst += [np.zeros_like(worst[0])] * (-len(worst) % 6)
            sheet = np.vstack([np.hstack(worst[i : i + 6]) for i in range(0, len(worst), 6)])
            file = folder / f"{key.replace(', ', '_').replace(' ', '_')}.jpg"
            write_file(file, cv2.imencode(".jpg", sheet)[1].tobytes())


def _hidden(drawn: np.ndarray, alone: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Where `alone` (H, W, 3) shows a shoe and `drawn` is nearer to the bare image, (H, W) bool."""
    to_shoe = np.abs(drawn.astype(np.int16) - alone).sum(2)
    to_image = np.abs(drawn.astype(np.int16) - image).sum(2)
    return to_image < to_shoe


def _tile(scene: OcclusionScene, mask: np.ndarray, hidden: np.ndarray, iou: float) -> np.ndarray:
    """The shoe's surroundings: leg bluish, foot yellowish; green rightly hidden, red missed, blue hidden too much."""
    picture = scene.image // 2 + 40
    picture[mask == MASK_LEG] += np.array([60, 0, 0], np.uint8)
    picture[mask == MASK_FOOT] += np.array([0, 40, 40], np.uint8)
    picture[scene.shoes] = picture[scene.shoes] // 2 + 90
    for region, color in (
        (hidden & scene.hidden, (0, 200, 0)),
        (scene.hidden & ~hidden, (0, 0, 255)),
        (hidden & ~scene.hidden, (255, 0, 0)),
    ):
        picture[region] = color
    x, y, w, h = cv2.boundingRect(scene.shoes.astype(np.uint8))
    side = max(w, h) * 5 // 4 + 8
    x, y = max(x + w // 2 - side // 2, 0), max(y + h // 2 - side // 2, 0)
    crop = picture[y : y + side, x : x + side]
    scale = TILE / max(crop.shape[:2])
    tile = np.zeros((TILE, TILE, 3), np.uint8)
    crop = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)[:TILE, :TILE]
    tile[: crop.shape[0], : crop.shape[1]] = crop
    text = f"{iou:.2f} {scene.shoe} {scene.kind['dress']} {scene.kind['view']}"
    cv2.putText(tile, text, (4, TILE - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return tile


def _print(figures: dict) -> None:
    print(", ".join(f"{key} {value}" for key, value in figures["machine"].items()))
    print(f"\nhidden part's IoU, {figures['views']} views of seed {figures['seed']}:\n")
    print("| method, mask | mean of views | all views' pixels together | 10th percentile |\n|---|---|---|---|")
    for key, row in figures["methods"].items():
        print(f"| {key} | {row['iou_mean']:.3f} | {row['iou_pooled']:.3f} | {row['iou_p10']:.3f} |")
    print()
    for key, row in figures["methods"].items():
        kinds = (f"{v} {iou:.2f}" for table in row["by_kind"].values() for v, iou in table.items())
        print(f"{key}: {', '.join(kinds)}")
    times = ", ".join(f"{method} {ms:.2f}" for method, ms in figures["ms_over_none"].items())
    print(f"\nms per frame more than without occlusion ({figures['ms_none']:.1f}): {times}")
