"""Heatmaps to sub-cell keypoint candidates."""

import cv2
import numpy as np

NMS_RADIUS = 2
"""Cells. Two maxima of one heatmap nearer than this are one keypoint seen twice."""


def find_peaks(heatmaps: np.ndarray, threshold: float, max_peaks: int) -> list[np.ndarray]:
    """Find the local maxima of each heatmap, refined below the cell.

    Args:
        heatmaps: (K, H, W) float32.
        threshold: maxima below it are noise.
        max_peaks: the strongest that are kept per heatmap.

    Returns:
        K arrays (N, 3) float64 of cell u, cell v, score (0 to 1), strongest first.
    """
    channels_last = np.ascontiguousarray(heatmaps.transpose(1, 2, 0))
    size = 2 * NMS_RADIUS + 1
    highest_around = cv2.dilate(channels_last, np.ones((size, size), np.uint8)).reshape(channels_last.shape)
    is_peak = (channels_last >= highest_around) & (channels_last > threshold)
    v, u, channel = np.unravel_index(np.flatnonzero(is_peak), is_peak.shape)  # np.nonzero takes seven times as long
    score = channels_last[v, u, channel]
    du, dv = _offsets(heatmaps, channel, v, u)
    peaks = np.stack([u + du, v + dv, np.minimum(score, 1.0)], 1).astype(np.float64)
    order = np.argsort(-score, kind="stable")
    peaks, channel = peaks[order], channel[order]
    return [_drop_twins(peaks[channel == k][: 2 * max_peaks])[:max_peaks] for k in range(len(heatmaps))]


def _offsets(heatmaps: np.ndarray, channel: np.ndarray, v: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets du, dv (N,) within +-0.5 cell: the vertex of the parabola through the logarithm, exact for a Gaussian.

    A peak on the border keeps its cell's centre across the border: there is nothing to see beyond it.
    """
    height, width = heatmaps.shape[1:]

    def log_at(v: np.ndarray, u: np.ndarray) -> np.ndarray:
        return np.log(np.maximum(heatmaps[channel, v, u], 1e-3))

    def vertex(before: np.ndarray, after: np.ndarray, at_border: np.ndarray) -> np.ndarray:
        curvature = 2 * centre - before - after
        offset = 0.5 * (after - before) / np.maximum(curvature, 1e-6)
        return np.where(at_border, 0.0, np.clip(offset, -0.5, 0.5))

    centre = log_at(v, u)
    left, right = np.maximum(u - 1, 0), np.minimum(u + 1, width - 1)
    up, down = np.maximum(v - 1, 0), np.minimum(v + 1, height - 1)
    return (
        vertex(log_at(v, left), log_at(v, right), (u == 0) | (u == width - 1)),
        vertex(log_at(up, u), log_at(down, u), (v == 0) | (v == height - 1)),
    )


def _drop_twins(peaks: np.ndarray) -> np.ndarray:
    """Keep one of the equal maxima of a plateau; peaks (N, 3) are strongest first."""
    if len(peaks) < 2:
        return peaks
    near = np.hypot(*(peaks[:, None, :2] - peaks[None, :, :2]).transpose(2, 0, 1)) < NMS_RADIUS
    return peaks[~np.tril(near, -1).any(1)]
