"""A region of a shoe's textures: colours by zone, height, roughness and shade, painted on surface points."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from arshoe_render.curves import smoothstep
from arshoe_render.shoe_maker.design import ZONES, Color


@dataclass
class Canvas:
    """Texels (H, W) of one region.

    Attributes:
        P: (H, W, 3) where each texel lies on the shoe, mm.
        zone: what it is painted with at first.
        roughness: of that.
    """

    P: np.ndarray
    zone: str
    roughness: float = 0.6
    layers: list[tuple[np.ndarray, str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        shape = self.P.shape[:2]
        self.du = np.linalg.norm(np.gradient(self.P, axis=1), axis=2).clip(0.12)
        self.dv = np.linalg.norm(np.gradient(self.P, axis=0), axis=2).clip(0.12)
        self.height = np.zeros(shape)
        self.rough = np.full(shape, self.roughness)
        self.shade = np.ones(shape)
        # Coordinates in mm for patterns: along the row, the same for all rows; and up the column.
        self.U = np.broadcast_to(np.cumsum(self.du.mean(0))[None], shape)
        self.V = np.cumsum(self.dv[::-1], 0)[::-1]

    def blend(self, weight: np.ndarray, zone: str, factor: float = 1.0, rough: float | None = None) -> None:
        """Paint a zone's colour, times `factor`, with weight (H, W)."""
        self.layers.append((weight.astype(np.float32), zone, factor))
        if rough is not None:
            self.rough += weight * (rough - self.rough)

    def noise(self, sigma: float, seed: int = 1) -> np.ndarray:
        """Always the same noise (H, W) of deviation 1, smooth over sigma texels; less where texels are small."""
        noise = np.random.default_rng(seed).normal(0, 1, self.height.shape).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), sigma)
        return noise / noise.std() * np.clip(np.minimum(self.du, self.dv) / 0.5, 0, 1)

    def color(self, colors: dict[str, Color]) -> np.ndarray:
        """(H, W, 3) sRGB from 0 to 1 in a colourway."""
        palette = ZONES | colors
        picture = np.empty((*self.height.shape, 3), np.float32)
        picture[:] = palette[self.zone]
        for weight, zone, factor in self.layers:
            picture += weight[..., None] * (np.float32(palette[zone]) * factor - picture)
        return picture * self.shade[..., None]

    def normal(self) -> np.ndarray:
        """(H, W, 3) from 0 to 1: glTF's tangent-space normals of the height."""
        slope_u = np.gradient(self.height, axis=1) / self.du
        slope_v = np.gradient(self.height, axis=0) / self.dv
        normal = np.stack([-slope_u, slope_v, np.ones_like(slope_u)], -1)
        return 0.5 + 0.5 * normal / np.linalg.norm(normal, axis=-1, keepdims=True)

    def occlusion(self) -> np.ndarray:
        """(H, W, 3) from 0 to 1: shade and roughness in glTF's channels. Nothing is metal: a texture less to draw."""
        return np.stack([self.shade, self.rough, np.zeros_like(self.shade)], -1)

    def overlay(self, d: np.ndarray, zone: str, height: float = 0.7, stitch: int = 1, thread: str = "thread") -> None:
        """Put a panel where d < 0 (signed distance to its edge, mm), with a shaded edge and rows of stitches."""
        if height > 0:
            self.shade *= 1 - 0.22 * smoothstep(2.2, 0.2, d) * (d > 0)
        self.blend(smoothstep(0.4, -0.4, d), zone)
        self.height += height * smoothstep(0.6, -0.8, d)
        for row in range(stitch):
            self.stitches(d + 2.6 + 2.6 * row, thread, d < 2)

    def stitches(self, d: np.ndarray, thread: str = "thread", where: np.ndarray | bool = True) -> None:
        """A row of stitches along d = 0."""
        x, z = self.P[..., 0], self.P[..., 2]
        phase = np.sin(2 * np.pi * (x + 1.3 * z + 0.6 * np.abs(self.P[..., 1])) / 4.2)
        line = smoothstep(0.9, 0.35, np.abs(d)) * where
        self.shade *= 1 - 0.15 * line
        self.height -= 0.18 * smoothstep(1.4, 0.3, np.abs(d)) * where
        dash = line * smoothstep(-0.45, -0.2, phase)
        self.height += 0.28 * dash
        self.blend(0.85 * dash, thread)

    def groove(self, d: np.ndarray, depth: float = 0.5, width: float = 0.9) -> None:
        """A crease along d = 0; a piping with negative depth."""
        line = np.exp(-((d / width) ** 2))
        self.height -= depth * line
        self.shade *= 1 - 0.3 * line * (depth > 0)


def distance(P: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distance (H, W) of P (H, W, 3) to the nearest of points (K, 3)."""
    best = np.full(P.shape[:2], np.inf, np.float32)
    P = P.astype(np.float32)
    for point in points.astype(np.float32):
        np.minimum(best, ((P - point) ** 2).sum(-1), out=best)
    return np.sqrt(best).astype(np.float64)
