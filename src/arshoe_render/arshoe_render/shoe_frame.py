"""Where a shoe model of unknown scale and axes has its sole, its toe, its opening, and for which foot it is.

All is read from the surface seen from below and above: a sole is flat, an opening is a hollow that the surface around
it encloses, the collar makes the heel the higher end, and the outline bends towards the big toe.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side

AXES = {f"{sign}{name}": s * np.eye(3)[i] for i, name in enumerate("xyz") for s, sign in ((1, "+"), (-1, "-"))}
"""Directions by name."""

_CELLS = 96
"""Cells of a height map along the shoe."""
_SAMPLES = 150_000
_FLAT = 0.04
"""Height below which a surface counts as lying on the floor, in shoe lengths."""
_SHALLOW = 0.03
"""Depth from which a hollow counts as an opening, in shoe lengths."""
RIM_POINTS = 48


@dataclass(frozen=True)
class HeightMap:
    """A surface in a box with x from heel to toe or back and z up, seen from above and from below.

    Attributes:
        low, high: (W, L) float64 heights above the lowest point, in shoe lengths, of the lowest and highest surface;
            nan where there is none.
        cell: size of a cell, in shoe lengths.
        corner: (2,) x and y of the outer corner of cell [0, 0], in shoe lengths.
    """

    low: np.ndarray
    high: np.ndarray
    cell: float
    corner: np.ndarray

    @property
    def footprint(self) -> np.ndarray:
        """(W, L) bool, where there is a surface."""
        return np.isfinite(self.high)

    def position(self, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(..., 2) x and y of cells, in shoe lengths."""
        return self.corner + (np.stack([columns, rows], -1) + 0.5) * self.cell


def sample_surface(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Points (N, 3) spread evenly over triangles; the same ones every time."""
    rng = np.random.default_rng(0)
    a, b, c = (vertices[faces[:, i]].astype(np.float64) for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    if not np.isfinite(area).all() or area.sum() <= 0:
        raise BadInputError("the mesh has no surface: its triangles have no area or coordinates that are no numbers")
    chosen = rng.choice(len(faces), _SAMPLES, p=area / area.sum())
    u, v = rng.random((2, _SAMPLES, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    samples = a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen]
    return np.concatenate([samples, vertices[np.unique(faces)]])


def height_map(points: np.ndarray) -> HeightMap:
    """The height map of points (N, 3) whose longest horizontal side is along x."""
    low, size = points.min(0), np.ptp(points, axis=0)
    scaled = (points - low) / size[0]
    shape = (int(np.ceil(size[1] / size[0] * _CELLS)) + 1, _CELLS + 1)
    cells = (scaled[:, :2] * _CELLS).astype(int)
    index = np.ravel_multi_index((cells[:, 1], cells[:, 0]), shape)
    high, bottom = np.full(shape[0] * shape[1], -np.inf), np.full(shape[0] * shape[1], np.inf)
    np.maximum.at(high, index, scaled[:, 2])
    np.minimum.at(bottom, index, scaled[:, 2])
    high[~np.isfinite(high)], bottom[~np.isfinite(bottom)] = np.nan, np.nan
    return HeightMap(bottom.reshape(shape), high.reshape(shape), 1 / _CELLS, low[:2] / size[0])


def upright(points: np.ndarray, up: np.ndarray | None, toe: np.ndarray | None) -> np.ndarray:
    """R (3, 3) that turns points (N, 3) so that z is up from the sole and x runs along the shoe, heel to toe.

    Args:
        points: on the surface.
        up, toe: (3,) directions of the model where they are known.

    Raises:
        BadInputError: if no way round looks like a shoe.
    """
    best, best_score = None, -np.inf
    for candidate in [up] if up is not None else AXES.values():
        R = _long_side_along_x(points, candidate)
        if toe is not None:
            R = _with_toe(R, candidate, toe)
        score = _sole_score(points @ R.T)
        if score > best_score:
            best, best_score = R, score
    size = np.ptp(points @ best.T, axis=0)
    if not (0.2 <= size[1] / size[0] <= 0.62 and 0.08 <= size[2] / size[0] <= 2.0):
        raise BadInputError(
            f"the model measures {size[0]:.3g} x {size[1]:.3g} x {size[2]:.3g}: not like a shoe, which is 1.6 to 5 "
            "times as long as wide; if it is one, say how it lies with up and toe"
        )
    if toe is None and _heel_is_in_front(height_map(points @ best.T)):
        best = np.diag([-1.0, -1, 1]) @ best
    return best


def _long_side_along_x(points: np.ndarray, up: np.ndarray) -> np.ndarray:
    """R (3, 3) with z along `up` and x along the longer side of the smallest rectangle around the points."""
    across = np.eye(3)[np.abs(up).argmin()]
    e1 = np.cross(across, up) / np.linalg.norm(np.cross(across, up))
    R = np.stack([e1, np.cross(up, e1), up])
    hull = cv2.convexHull((points @ R.T)[:, :2].astype(np.float32))
    (_, (width, height), degrees) = cv2.minAreaRect(hull)
    # The side called width runs along `degrees`. A shoe that lies straight stays exactly straight.
    angle = np.deg2rad(degrees if width >= height else degrees + 90)
    square = round(angle / (np.pi / 2)) * np.pi / 2
    if abs(angle - square) < np.deg2rad(6):
        angle = square
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ R


def _with_toe(R: np.ndarray, up: np.ndarray, toe: np.ndarray) -> np.ndarray:
    """R turned about `up` so that x points along `toe`, if that is not what it does within 45 degrees already."""
    along = toe - up * (toe @ up)
    if np.linalg.norm(along) < 0.5:
        raise BadInputError("up and toe are along the same axis; they must be at right angles")
    if R[0] @ along > 0.7:
        return R
    if R[0] @ along < -0.7:
        return np.diag([-1.0, -1, 1]) @ R
    return np.stack([along, np.cross(up, along), up])


def _sole_score(points: np.ndarray) -> float:
    """How much the lower side looks like a sole: the part of it that lies flat, less the same of the upper side."""
    size = np.ptp(points, axis=0)
    if size[1] > 0.62 * size[0]:
        return -1.0
    surface = height_map(points)
    inside = surface.footprint
    flat = (surface.low[inside] < _FLAT).mean()
    flat_above = (surface.high[inside] > surface.high[inside].max() - _FLAT).mean()
    return float(flat - flat_above)


def _heel_is_in_front(surface: HeightMap) -> bool:
    """Whether the toe is at low x."""
    high, count = np.nan_to_num(surface.high), surface.high.shape[1]
    if _is_open_at_the_back(surface):  # a strap or half an upper, nearer the toe
        strap = (high > 0.5 * high.max()).sum(0)
        return (strap * np.arange(count)).sum() / strap.sum() < (count - 1) / 2
    third = count // 3
    return high[:, -third:].max() > high[:, :third].max()


def _is_open_at_the_back(surface: HeightMap) -> bool:
    """Whether neither end reaches nearly the height of the middle: there is no collar around a heel."""
    high = np.nan_to_num(surface.high)
    end = int(0.12 * high.shape[1])
    return max(high[:, :end].max(), high[:, -end:].max()) < 0.7 * high.max()


def _hollow(surface: HeightMap) -> np.ndarray:
    """(W, L) how far the surface seen from above lies below the lowest way out, in shoe lengths; 0 where open."""
    high = np.nan_to_num(_closed(surface.high), nan=-1.0)
    depth = np.zeros_like(high)
    for level in np.linspace(0, high.max(), 60)[1:]:
        below = np.pad((high < level).astype(np.uint8), 1, constant_values=1)
        _, labels = cv2.connectedComponents(below, connectivity=4)
        enclosed = (below == 1) & (labels != labels[0, 0])
        enclosed = enclosed[1:-1, 1:-1]
        depth[enclosed] = level - high[enclosed]
    return np.where(high < 0, 0, depth)


def _closed(high: np.ndarray) -> np.ndarray:
    """The map with holes of a cell or two, which no sample happened to hit, filled from around."""
    filled = cv2.dilate(np.nan_to_num(high, nan=-1.0), np.ones((3, 3)))
    inside = cv2.morphologyEx(np.isfinite(high).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.where(np.isfinite(high), high, np.where(inside & (filled >= 0), filled, np.nan))


def find_rim(points: np.ndarray) -> np.ndarray:
    """The rim (RIM_POINTS, 3) of the opening of an upright shoe, in the units of its points (N, 3).

    From the hollow's middle outwards in every direction, the rim is where the surface has first risen nearly to the
    highest it gets on the way. A mule, open at the back, has no hollow: there the low rear part is taken.

    Raises:
        BadInputError: if there is no opening.
    """
    surface = height_map(points)
    high, length = _closed(surface.high), np.ptp(points[:, 0])
    middle = _middle_of_opening(surface)
    steps = np.arange(0, 1.5 * _CELLS, 0.5)
    radius, height = np.empty(RIM_POINTS), np.empty(RIM_POINTS)
    for i, angle in enumerate(np.arange(RIM_POINTS) * 2 * np.pi / RIM_POINTS):
        columns = np.rint(middle[0] + np.cos(angle) * steps).astype(int)
        rows = np.rint(middle[1] + np.sin(angle) * steps).astype(int)
        on_map = (columns >= 0) & (columns < high.shape[1]) & (rows >= 0) & (rows < high.shape[0])
        profile = high[rows[on_map], columns[on_map]]
        profile = profile[: np.flatnonzero(np.isfinite(profile)).max() + 1]
        floor, top = np.nanmin(profile), np.nanmax(profile)
        at = len(profile) - 1
        if top - floor > 0.01:
            at = int(np.flatnonzero(np.nan_to_num(profile) >= floor + 0.9 * (top - floor))[0])
        radius[i], height[i] = steps[at], top
    radius, height = _smooth(radius), _smooth(height)
    angle = np.arange(RIM_POINTS) * 2 * np.pi / RIM_POINTS
    xy = surface.position(middle[0] + np.cos(angle) * radius, middle[1] + np.sin(angle) * radius)
    return np.column_stack([xy * length, points[:, 2].min() + height * length])


def _middle_of_opening(surface: HeightMap) -> np.ndarray:
    """Column and row of the opening's middle."""
    hollow = np.where(surface.footprint, _hollow(surface), 0)
    weight = np.where(hollow > _SHALLOW, hollow, 0)
    if _is_open_at_the_back(surface):
        high, x = np.nan_to_num(surface.high), np.arange(surface.high.shape[1])
        weight = (surface.footprint & (high < 0.5 * high.max()) & (x < 0.55 * len(x))).astype(float)
    if (weight > 0).sum() < 0.04 * surface.footprint.sum():
        raise BadInputError("the model has no opening for the leg: seen from above, nothing is hollow")
    labels = cv2.connectedComponentsWithStats((weight > 0).astype(np.uint8))
    largest = labels[1] == 1 + labels[2][1:, cv2.CC_STAT_AREA].argmax()
    rows, columns = np.nonzero(largest)
    return np.average(np.column_stack([columns, rows]), axis=0, weights=weight[largest])


def _smooth(values: np.ndarray) -> np.ndarray:
    """A closed sequence (K,) without outliers and ripples."""
    around = np.stack([np.roll(values, k) for k in (-2, -1, 0, 1, 2)])
    median = np.median(around, 0)
    return sum(w * np.roll(median, k) for k, w in ((-2, 0.1), (-1, 0.2), (0, 0.4), (1, 0.2), (2, 0.1)))


def which_side(points: np.ndarray) -> tuple[Side, float]:
    """For which foot an upright shoe (points (N, 3)) is, and how sure that is, 0 to 1.

    The outline bends towards the big toe, and is hollow on the inner side of the arch.
    """
    sole = points[points[:, 2] < points[:, 2].min() + 0.12 * np.ptp(points[:, 0])]
    inside = height_map(sole).footprint
    inside = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0
    right, left = _edges(inside)  # y rises to the left
    middle, count = (left + right) / 2, len(left)
    at = [int(part * (count - 1)) for part in (0.1, 0.6, 0.95)]
    heel, ball, toe = (middle[max(i - 2, 0) : i + 3].mean() for i in at)
    bend = (heel + (ball - heel) * (at[2] - at[0]) / (at[1] - at[0])) - toe
    arch = _hollowness(right) - _hollowness(-left)
    score = (bend + 2 * arch) / (0.06 * count)
    return (Side.LEFT if score >= 0 else Side.RIGHT), float(min(abs(score), 1.0))


def _edges(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest row (K,) of every column of a region (H, W) bool that has any."""
    columns = inside.any(0)
    rows = inside[:, columns]
    return rows.argmax(0).astype(float), (len(rows) - 1 - rows[::-1].argmax(0)).astype(float)


def _hollowness(edge: np.ndarray) -> float:
    """How far the waist of an edge (K,) lies above the line from heel to ball."""
    heel, ball = int(0.15 * len(edge)), int(0.68 * len(edge))
    line = np.interp(np.arange(heel, ball), [heel, ball], [edge[heel], edge[ball]])
    return float(max((edge[heel:ball] - line).max(), 0.0))
