"""Heatmaps to sub-cell keypoint candidates."""

from itertools import pairwise

import numpy as np

NMS_RADIUS = 2
"""Cells. Of two maxima of one heatmap no farther apart than this along u and v, the higher is kept."""
_SIZE = 2 * NMS_RADIUS + 1


def find_peaks(heatmaps: np.ndarray, threshold: float, max_peaks: int) -> list[np.ndarray]:
    """Find the local maxima of each heatmap, refined below the cell.

    Args:
        heatmaps: (K, H, W) float32.
        threshold: maxima below it are noise.
        max_peaks: the strongest that are kept per heatmap.

    Returns:
        K arrays (N, 3) float64 of cell u, cell v, score (0 to 1), strongest first.
    """
    count, height, width = heatmaps.shape
    framed = np.full((count, height + 2 * NMS_RADIUS, width + 2 * NMS_RADIUS), -np.inf, np.float32)
    framed[:, NMS_RADIUS:-NMS_RADIUS, NMS_RADIUS:-NMS_RADIUS] = heatmaps
    row, plane = framed.shape[2], framed.shape[1] * framed.shape[2]
    flat = framed.ravel()
    # Few cells pass the threshold: looking around those alone costs a third of a filter over all maps.
    cell = np.flatnonzero(flat > threshold)
    cell = cell[flat[cell] >= np.maximum(flat[cell - 1], flat[cell + 1])]
    steps = (np.arange(-NMS_RADIUS, NMS_RADIUS + 1)[:, None] * row + np.arange(-NMS_RADIUS, NMS_RADIUS + 1)).ravel()
    around = flat[cell[:, None] + steps]
    middle = len(steps) // 2
    score = around[:, middle]
    # Equal cells side by side are one peak, the first: later ones have an equal before them.
    is_peak = (score > around[:, :middle].max(1, initial=-np.inf)) & (score >= around[:, middle:].max(1))
    cell, around, score = cell[is_peak], around[is_peak], score[is_peak]
    du, dv = _offsets(around[:, [[middle - 1, middle, middle + 1], [middle - _SIZE, middle, middle + _SIZE]]])
    channel, v, u = cell // plane, cell % plane // row - NMS_RADIUS, cell % row - NMS_RADIUS
    order = np.lexsort((-score, channel))
    peaks = np.stack([u + du, v + dv, np.minimum(score, 1.0)], 1)[order]
    ends = np.searchsorted(channel[order], np.arange(count + 1)).tolist()
    return [peaks[a : min(b, a + max_peaks)] for a, b in pairwise(ends)]


def _offsets(triples: np.ndarray) -> np.ndarray:
    """Offsets (2, N) within +-0.5 cell: the vertex of the parabola through the logarithm, exact for a Gaussian.

    A peak on the border keeps its cell's centre across the border: there is nothing to see beyond it.

    Args:
        triples: (N, 2, 3) heatmap values before, at and after each peak along u and v, -inf beyond the border.
    """
    before, centre, after = np.log(np.maximum(triples, 1e-3)).T
    offset = 0.5 * (after - before) / np.maximum(2 * centre - before - after, 1e-6)
    return np.where(np.isinf(triples).any(2).T, 0.0, np.clip(offset, -0.5, 0.5))
