"""Review of a label file: statistics, what looks wrong, contact sheets."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from arshoe_annotate.annotator import Annotator
from arshoe_annotate.foot_label import FootLabel
from arshoe_core.camera import Camera
from arshoe_core.files import write_file

MAX_REPROJECTION = 0.02
"""Foot extents (largest distance between two keypoints) that labelled keypoints may be from the pose's."""
LENGTHS, DISTANCES = (0.2, 0.32), (0.15, 12.0)
"""Usual foot lengths and distances, metres."""
SAME_LENGTH, SAME_DISTANCE, DUPLICATE = 1.1, 1.6, 0.25
"""Ratios between a picture's two feet beyond which one of them is odd; foot extents within which two feet are one."""
_TILE, _COLUMNS, _ROWS = 240, 6, 4


def review(annotator: Annotator, out: Path) -> str:
    """Write contact sheets `sheet_000.jpg`, … and `review.txt` to a folder; a foot that looks wrong has a red frame.

    Returns:
        The text: statistics, then one line for each thing that looks wrong.

    Raises:
        BadInputError: if a picture can't be read or the folder can't be written.
    """
    names = [name for name in annotator.names if annotator.file.annotations(name)]
    problems = [problem for name in names for problem in outliers(annotator, name)]
    lines = [*statistics(annotator, names), "", f"{len(problems)} things look wrong"]
    lines += [f"{name} foot {id}: {what}" for name, id, what in problems]
    text = "\n".join(lines) + "\n"
    for number, sheet in enumerate(_sheets(annotator, names, {(name, id) for name, id, _ in problems})):
        data = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
        write_file(out / f"sheet_{number:03d}.jpg", data)
    write_file(out / "review.txt", text)
    return text


def statistics(annotator: Annotator, names: list[str]) -> list[str]:
    """Lines of counts and quantiles over the labelled pictures."""
    feet = [(annotator.camera(name), label) for name in names for label in annotator.feet(name)]
    unposed = sum(len(annotator.file.annotations(name)) for name in names) - len(feet)
    lines = [
        f"pictures {len(annotator.names)}, labelled {len(names)}",
        f"feet {len(feet)}, without pose {unposed}",
        "sides " + _counts(label.side.name.lower() for _, label in feet),
        "coverings " + _counts(label.covering for _, label in feet),
    ]
    if feet:
        rows = {
            "extent px": [_extent(camera.project(label.keypoints())) for camera, label in feet],
            "distance m": [np.linalg.norm(label.T_camera_foot[:3, 3]) for _, label in feet],
            "length cm": [100 * label.foot_length for _, label in feet],
        }
        for what, values in rows.items():
            lines.append(f"{what} 5/50/95 %: " + " / ".join(f"{q:.3g}" for q in np.quantile(values, (0.05, 0.5, 0.95))))
    return lines


def outliers(annotator: Annotator, name: str) -> Iterator[tuple[str, int, str]]:
    """What looks wrong in one picture: its name, the foot's id and a text."""
    camera, feet = annotator.camera(name), annotator.feet(name)
    annotations = {a["id"]: a for a in annotator.file.annotations(name)}
    for id in annotations.keys() - {label.id for label in feet}:
        yield name, id, "has no pose"
    for label in feet:
        for what in _odd(label, camera, annotations[label.id]):
            yield name, label.id, what
    for i, first in enumerate(feet):
        for second in feet[i + 1 :]:
            for what in _odd_pair(first, second, camera, len(feet)):
                yield name, second.id, f"{what} (foot {first.id})"


def _odd(label: FootLabel, camera: Camera, annotation: dict) -> Iterator[str]:
    points = np.array(annotation["keypoints"], np.float64).reshape(-1, 3)
    known = points[:, 2] > 0
    projected = camera.project(label.keypoints())
    off = np.linalg.norm(projected[known] - points[known, :2], axis=1).max(initial=0)
    if not off <= MAX_REPROJECTION * _extent(projected):
        yield f"a keypoint is {off:.1f} px from where the pose has it"
    if not LENGTHS[0] <= label.foot_length <= LENGTHS[1]:
        yield f"length is {100 * label.foot_length:.1f} cm"
    distance = np.linalg.norm(label.T_camera_foot[:3, 3])
    if not DISTANCES[0] <= distance <= DISTANCES[1]:
        yield f"distance is {distance:.2f} m"
    if label.T_camera_foot[:3, 2] @ label.T_camera_foot[:3, 3] > 0.5 * distance:
        yield "is seen from below its sole"


def _odd_pair(first: FootLabel, second: FootLabel, camera: Camera, count: int) -> Iterator[str]:
    a, b = (camera.project(label.keypoints()) for label in (first, second))
    near, far = sorted(label.T_camera_foot[2, 3] for label in (first, second))
    if np.linalg.norm(a.mean(0) - b.mean(0)) < DUPLICATE * max(_extent(a), _extent(b)) and far < near * 1.3:
        yield "lies on another foot"
    if count == 2:  # one wearer's, as a rule
        if first.side == second.side:
            yield "is of the same side as the other foot"
        short, long = sorted((first.foot_length, second.foot_length))
        if long > short * SAME_LENGTH:
            yield f"lengths are {100 * short:.1f} and {100 * long:.1f} cm"
        if far > near * SAME_DISTANCE:
            yield f"distances are {near:.2f} and {far:.2f} m"


def _sheets(annotator: Annotator, names: list[str], wrong: set[tuple[str, int]]) -> Iterator[np.ndarray]:
    tiles = []
    for name in names:
        for label in annotator.feet(name):
            tiles.append(_tile(annotator, name, label.id, (name, label.id) in wrong))
            if len(tiles) == _COLUMNS * _ROWS:
                yield _joined(tiles)
                tiles = []
    if tiles:
        yield _joined(tiles)


def _tile(annotator: Annotator, name: str, id: int, wrong: bool) -> np.ndarray:
    x0, y0, x1, y1 = annotator.box_of(name, id, 0.35)
    half = max(x1 - x0, y1 - y0) / 2
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    cut = annotator.overlay(name, opacity=0.3, box=(x - half, y - half, x + half, y + half))
    scale = _TILE / max(cut.shape[:2])
    cut = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:_TILE, :_TILE]
    tile = np.full((_TILE, _TILE, 3), 40, np.uint8)
    tile[: cut.shape[0], : cut.shape[1]] = cut
    cv2.putText(
        tile, f"{Path(name).stem[-26:]} {id}", (3, _TILE - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (255, 255, 255), 1
    )
    if wrong:
        cv2.rectangle(tile, (2, 2), (_TILE - 3, _TILE - 3), (0, 0, 255), 4)
    return tile


def _joined(tiles: list[np.ndarray]) -> np.ndarray:
    rows = -(-len(tiles) // _COLUMNS)
    blank = [np.zeros_like(tiles[0])] * (rows * _COLUMNS - len(tiles))
    tiles = [*tiles, *blank]
    return np.vstack([np.hstack(tiles[i * _COLUMNS : (i + 1) * _COLUMNS]) for i in range(rows)])


def _extent(points: np.ndarray) -> float:
    return float(np.linalg.norm(points[:, None] - points[None], axis=-1).max())


def _counts(values) -> str:
    return ", ".join(f"{value} {count}" for value, count in sorted(Counter(values).items())) or "none"
