"""Smooth curves and the triangle grids that shoes are made of."""

import numpy as np


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between; `low` > `high` falls instead of rising."""
    t = np.clip((np.asarray(x, np.float64) - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def hermite(x: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Smooth interpolation of values (K,) at rising knots (K,), evaluated at x (any shape).

    Slopes are the harmonic means of the neighbours' (Fritsch and Carlson), so the curve never overshoots.
    """
    knots, values = np.asarray(knots, np.float64), np.asarray(values, np.float64)
    step, slope = np.diff(knots), np.diff(values) / np.diff(knots)
    product = slope[:-1] * slope[1:]
    mean = 2 * product / np.where(product > 0, slope[:-1] + slope[1:], 1)
    tangent = np.concatenate([slope[:1], np.where(product > 0, mean, 0), slope[-1:]])
    i = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(step) - 1)
    h = step[i]
    t = np.clip((x - knots[i]) / h, 0, 1)
    t2, t3 = t * t, t * t * t
    return (
        (2 * t3 - 3 * t2 + 1) * values[i]
        + (t3 - 2 * t2 + t) * h * tangent[i]
        + (3 * t2 - 2 * t3) * values[i + 1]
        + (t3 - t2) * h * tangent[i + 1]
    )


def catmull_rom(points: np.ndarray, per_segment: int, closed: bool = False) -> np.ndarray:
    """A smooth curve through points (K, D), `per_segment` samples a segment; open curves end at the last point."""
    points = np.asarray(points, np.float64)
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = (np.arange(per_segment) / per_segment)[:, None]
    p0, p1, p2, p3 = (padded[i : len(padded) - 3 + i, None] for i in range(4))
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    curve = curve.reshape(-1, points.shape[1])
    return curve if closed else np.concatenate([curve, points[-1:]])


def resample(curve: np.ndarray, count: int) -> np.ndarray:
    """`count` points evenly spaced by arc length on an open polyline (K, D), ends kept."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    wanted = np.linspace(0, length[-1], count)
    return np.column_stack([np.interp(wanted, length, column) for column in np.asarray(curve).T])


def grid_faces(rows: int, columns: int, flip: bool = False) -> np.ndarray:
    """Triangles (2 (rows - 1) (columns - 1), 3) of a row-major grid of vertices.

    Faces look along d(row) x d(column), or the other way with `flip`.
    """
    i = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    faces = np.concatenate(
        [np.stack([i, i + columns, i + 1], 1), np.stack([i + 1, i + columns, i + columns + 1], 1)]
    ).astype(np.int32)
    return faces[:, ::-1] if flip else faces


def sweep(path: np.ndarray, across: np.ndarray, up: np.ndarray, sides: int) -> np.ndarray:
    """Vertices (len(path), sides + 1, 3) of a tube with an elliptic section along path (K, 3).

    Args:
        across, up: half axes of the ellipse (K, 3) at each path point. Where across x up runs along the path,
            `grid_faces` looks outside with `flip`.
    """
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    return path[:, None] + np.cos(angle)[None, :, None] * across[:, None] + np.sin(angle)[None, :, None] * up[:, None]
