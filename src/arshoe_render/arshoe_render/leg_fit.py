"""The leg that stands in a shoe, fitted in each frame to the segmentation mask above the shoe's opening."""

from dataclasses import dataclass

import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.types import MASK_LEG
from arshoe_render.curves import grid_faces
from arshoe_render.mesh import Material, Mesh

# Lengths in metres for the standard foot; they grow with the foot.
_HEIGHTS = np.array([0.0, 0.012, 0.025, 0.04, 0.06, 0.085, 0.115, 0.15, 0.19, 0.235, 0.29, 0.36])
"""Where the leg is measured, above the middle of the opening along the leg's axis."""
_LEAN = 7
"""So many of them, the lowest, tell how the leg leans."""
_START = 2
"""Below this one instep and heel may be seen beside the leg."""
_ANKLE = slice(3, 7)
"""Where a leg is narrowest. Below, what is much wider is part of the foot or hangs over the collar."""
_REACH, _STEPS = 0.12, 49
"""The mask is read so far to both sides of the axis, at so many points."""
_OFFSETS = np.linspace(-1, 1, _STEPS)
_THIN, _WIDE = 0.022, 0.085
"""Least and largest half width of a leg; outside of these the mask shows something else (two legs, the border)."""
_COMMON = np.array([0.030, 0.030, 0.029, 0.029, 0.030, 0.033, 0.036, 0.041, 0.046, 0.050, 0.053, 0.053])
"""Half width of a common bare leg, which fills in where the mask gives none."""
_NARROW, _TROUSERS = 0.04, 0.04
"""In the opening the leg is no wider than the one; what is wider there than the other, from the front, is trousers."""
_HEM_DROP, _HEM_HEIGHT, _HEM_AHEAD = 0.018, 0.066, 0.042
"""Leg seen on the shoe so far below the opening's middle, no higher than bare skin that counts as leg, and so far from
there towards the camera, is trousers."""
_LOW_SHOE = 0.08
_BACK = 0.006
"""How far behind the opening's middle the leg's axis is: the opening reaches onto the instep."""
_DEEP = 1.3
"""How much longer from front to back than wide a leg is."""


@dataclass(frozen=True)
class Leg:
    """A leg as a tube in the camera frame, metres.

    Attributes:
        rim: (N, 3) the opening it stands in.
        centres: (K, 3) on its axis, from the opening's middle upwards.
        across: (K, 3) half axes along which its outline lies, as wide as the mask shows it.
        deep: (K, 3) the other half axes.
        hem: trousers hang over the collar.
        cuff: the first of the K from which on the mask shows leg; below that, socks and collars count as foot.
    """

    rim: np.ndarray
    centres: np.ndarray
    across: np.ndarray
    deep: np.ndarray
    hem: bool
    cuff: int

    def outline(self, camera: Camera) -> np.ndarray:
        """Its outline as a closed polygon (2 K, 2), pixels."""
        return camera.project(np.concatenate([self.centres - self.across, (self.centres + self.across)[::-1]]))

    def far_plane(self) -> tuple[float, float, float, float]:
        """The plane through axis and outline, as `Draw.far_plane`: its far side is behind the leg."""
        normal = self.deep[0] * np.sign(self.deep[0] @ self.centres[0])
        return (*normal, -normal @ self.centres[0])

    def tubes(self) -> tuple[Mesh, Mesh]:
        """Its surface: from inside of the opening, through it without touching the rim, up to the cuff; and above."""
        rim = self.rim - self.rim.mean(0)
        across, deep = self.across[_START], self.deep[_START]
        x, y = rim @ across / (across @ across), rim @ deep / (deep @ deep)
        start = self.rim.mean(0) + rim / np.maximum(np.hypot(x, y), 1.08)[:, None]
        angle = np.arctan2(y, x)[:, None]
        centres, across, deep = self.centres[_START:], self.across[_START:], self.deep[_START:]
        rings = centres[:, None] + np.cos(angle) * across[:, None] + np.sin(angle) * deep[:, None]
        rings = np.concatenate([[start + 0.4 * (self.centres[0] - self.centres[_START]), start], rings])
        cuff = self.cuff + 2 - _START  # two rings below the first
        return _tube(rings[: cuff + 1]), _tube(rings[cuff:])


def _tube(rings: np.ndarray) -> Mesh:
    """A skin of rings (K, N, 3)."""
    vertices = np.concatenate([rings, rings[:, :1]], 1).reshape(-1, 3).astype(np.float32)
    faces = grid_faces(len(rings), rings.shape[1] + 1)
    return Mesh(vertices, faces, np.zeros_like(vertices), material=Material(double_sided=True))


def fit_leg(mask: np.ndarray, camera: Camera, rim: np.ndarray, R: np.ndarray, height: float, size: float) -> Leg:
    """Find the leg above an opening.

    Its lean and width in the picture come from the mask; a sock and a worn shoe's collar, which count as foot, do where
    no leg is seen. Towards the camera it leans as the foot does, and there it is about as deep as a leg of that width.

    Args:
        mask: (H, W) uint8, 0 background, 1 leg, 2 foot.
        camera: of the mask.
        rim: (N, 3) the opening's rim in the camera frame, metres.
        R: (3, 3) rotation camera <- foot.
        height: of the opening's middle above the sole plane, metres.
        size: of the foot relative to the standard one.
    """
    centre, up, heights = rim.mean(0) - _BACK * size * R[:, 0], R[:, 2], _HEIGHTS * size
    view = centre / np.sqrt(centre @ centre)
    axis, side = up, _across(up, view, rim)
    half, shift, _ = _widths(mask, camera, centre, heights[:_LEAN], axis, side, size)
    good = (half > _THIN * size) & (half < _WIDE * size)
    h = heights[:_LEAN] * good
    axis = axis + np.clip((h @ shift) / (h @ h + (0.02 * size) ** 2), -1.2, 1.2) * side
    side = _across(axis, view, rim)
    half, shift, of_leg = _widths(mask, camera, centre, heights, axis, side, size)
    good = (half > _THIN * size) & (half < _WIDE * size)
    deep = _cross(axis / np.sqrt(axis @ axis), side)
    flat, thick = (np.hypot(_DEEP * (R[:, 0] @ v), R[:, 1] @ v) for v in (side, deep))
    calf = 1 + 3 * max(height - _LOW_SHOE * size, 0)  # out of a boot comes more of a leg
    wide = bool(of_leg[_START] and half[_START] > _TROUSERS * size * flat * calf)
    good[:_START] = False
    narrowest = half[_ANKLE][good[_ANKLE]].min(initial=_WIDE * size)
    good[: _ANKLE.stop] &= half[: _ANKLE.stop] < 1.2 * narrowest
    if good.any():
        common = _COMMON * size
        half = common * np.interp(heights, heights[good], half[good] / common[good])
        shift = np.interp(heights, heights[good], shift[good])
    else:
        half, shift = _COMMON * size, np.zeros(len(heights))
    half[: _ANKLE.start] = np.minimum(half[: _ANKLE.start], _NARROW * size)
    # Bare legs are longer than wide, trousers round.
    ratio = 1 + (thick / flat - 1) * np.clip(3 - half / (0.02 * size), 0, 1)
    of_leg[:_START], of_leg[-2] = False, True
    cuff = int(of_leg.argmax())
    centres = centre + heights[:, None] * axis + shift[:, None] * side
    drop = max(_HEM_DROP, height / size - _HEM_HEIGHT)
    hem = wide or _has_hem(mask, camera, centre - drop * size * up, view, up, size)
    return Leg(rim, centres, half[:, None] * side, (half * ratio)[:, None] * deep, hem, cuff)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a x b of two vectors (3,), in a tenth of the time numpy's takes."""
    (ax, ay, az), (bx, by, bz) = a.tolist(), b.tolist()
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def _across(axis: np.ndarray, view: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """Unit vector (3,) square to the axis and to the view; the opening's width where those are nearly the same."""
    side = _cross(axis, view)
    if side @ side < 0.01 * (axis @ axis):
        spokes = rim - rim.mean(0)
        side = spokes[(spokes**2).sum(1).argmin()]
    return side / np.sqrt(side @ side)


def _widths(
    mask: np.ndarray,
    camera: Camera,
    centre: np.ndarray,
    heights: np.ndarray,
    axis: np.ndarray,
    side: np.ndarray,
    size: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How wide the wearer is at heights (K,) of the axis.

    Returns:
        half width (K,) and where the middle lies along `side` (K,), metres, 0 where nobody is seen;
        (K,) bool, where it is leg that is seen.
    """
    centres = centre + heights[:, None] * axis
    reach = _REACH * size
    ends = camera.project(np.stack([centres - reach * side, centres + reach * side]))
    pixels = (ends[1] + ends[0])[:, None] / 2 + _OFFSETS[:, None] * (ends[1] - ends[0])[:, None] / 2
    label = _sampled(mask, pixels)
    leg = label == MASK_LEG
    of_leg = leg.sum(1) > 2
    on = np.where(of_leg[:, None], leg, label > 0)
    # From the wearer's point nearest to the axis outwards, as far as there is no gap.
    index = np.arange(_STEPS)
    start = np.where(on, np.abs(index - _STEPS // 2), _STEPS).argmin(1)[:, None]
    first = np.where(~on & (index < start), index, -1).max(1) + 1
    last = np.where(~on & (index > start), index, _STEPS).min(1) - 1
    step = 2 * reach / (_STEPS - 1)
    seen = on.any(1)
    return (last - first + 1) * step / 2 * seen, ((last + first) / 2 - _STEPS // 2) * step * seen, of_leg


def _sampled(mask: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """The mask at pixels (..., 2); 0 outside the picture and behind the camera."""
    pixels = pixels + 0.5
    inside = ((pixels >= 0) & (pixels < (mask.shape[1], mask.shape[0]))).all(-1)
    x, y = np.where(inside.T, pixels.T, 0).astype(np.intp)
    return mask[y, x].T * inside


def _has_hem(
    mask: np.ndarray, camera: Camera, centre: np.ndarray, view: np.ndarray, up: np.ndarray, size: float
) -> bool:
    """Whether the side of the shoe that faces the camera, in front of a point of its axis (3,), is seen as leg."""
    ahead = (view @ up) * up - view
    length = np.sqrt(ahead @ ahead)
    if length < 0.1:
        return False
    ahead = ahead / length
    side = _cross(ahead, up)
    points = np.linspace(-0.02, 0.02, 5)[:, None] * side + _HEM_AHEAD * ahead
    return bool((_sampled(mask, camera.project(centre + size * points)) == MASK_LEG).sum() > 2)
