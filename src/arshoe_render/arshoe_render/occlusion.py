"""Where the leg hides the virtual shoe: the paper's silhouette method (section 3.2), and a 3D leg in the depth buffer.

Both start from the leg fitted to the mask (`leg_fit`), and both close the opening by a cap that is drawn after the
shoes: its label tells where it is seen in front of them.
"""

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.foot import STANDARD_FOOT_LENGTH
from arshoe_core.types import MASK_LEG
from arshoe_render.gl_renderer import Draw, GlRenderer, GpuMesh
from arshoe_render.leg_fit import Leg, fit_leg
from arshoe_render.mesh import Material, Mesh
from arshoe_render.shoe import Shoe

METHODS = ("silhouette", "mesh", "none")
MAX_FEET = 60
BEHIND, OPENING, TUBE = 60, 120, 180
"""Added to a foot's label where its shoe is seen behind the leg's axis, its opening, its leg's tube."""
_FOOT_OF_LABEL = np.array([0, *(1 + np.arange(255) % MAX_FEET)], np.uint8)
CAP_DEPTH = 0.003
"""How far below the rim the opening's closing surface lies, m, so that the rim keeps its thickness (paper, 3.2)."""
_MIN_GAP = 0.02
"""Gaps in the leg's overlap shorter than this part of S0 are noise of the mask."""
_STILL = 1.5
"""While no shoe moves by more pixels than this from frame to frame, the mask is held steady."""


class Occlusion:
    """What the legs hide of the shoes in a picture: `prepare`, draw `draws`, then ask for `hidden`.

    Args:
        method: one of METHODS.
    """

    def __init__(self, method: str, shoe: Shoe, renderer: GlRenderer) -> None:
        self._method, self._shoe, self._renderer = method, shoe, renderer
        self._cap: GpuMesh = renderer.upload(opening_cap(shoe.rim) if shoe.inside is None else shoe.inside)
        self._tubes: list[GpuMesh] = []
        self._steady = SteadyMask()
        self._legs: list[Leg] = []
        self._poses: list[np.ndarray] = []
        self._mask = np.zeros((0, 0), np.uint8)

    def prepare(self, mask: np.ndarray, camera: Camera, T_camera_models: list[np.ndarray]) -> None:
        """Take in a frame.

        Args:
            mask: (H, W) uint8, 0 background, 1 leg, 2 foot.
            T_camera_models: affine (4, 4) of each shoe; the first has label 1, and so on.
        """
        self._poses = T_camera_models
        if self._method == "none":
            return
        middle = self._shoe.rim.mean(0)
        self._mask = self._steady(mask, camera.project(np.array([T[:3, :3] @ middle + T[:3, 3] for T in self._poses])))
        self._legs = []
        for T in self._poses:
            scale = np.linalg.norm(T[:3, 0])
            size = scale * self._shoe.foot_length / STANDARD_FOOT_LENGTH
            rim = self._shoe.rim @ T[:3, :3].T + T[:3, 3]
            self._legs.append(fit_leg(self._mask, camera, rim, T[:3, :3] / scale, middle[2] * scale, size))

    @property
    def far_planes(self) -> list[tuple[float, float, float, float]]:
        """Of each shoe the plane whose far side is behind its leg; see `Draw.far_plane`."""
        return [leg.far_plane() for leg in self._legs] or [(0.0, 0.0, 0.0, 0.0)] * len(self._poses)

    def draws(self) -> list[Draw]:
        """What is to be drawn after the shoes; valid until the next call."""
        for tube in self._tubes:
            tube.release()
        self._tubes = []
        if self._method == "none":
            return []
        draws = [Draw(self._cap, T, i + OPENING, visible=False) for i, T in enumerate(self._poses, 1)]
        if self._method == "mesh":
            for i, leg in enumerate(self._legs, 1):
                for mesh, part in zip(leg.tubes(), (OPENING, TUBE), strict=True):
                    self._tubes.append(self._renderer.upload(mesh))
                    draws.append(Draw(self._tubes[-1], np.eye(4), i + part, visible=False))
        return draws

    def hidden(self, label: np.ndarray, camera: Camera, corner: tuple[int, int]) -> np.ndarray:
        """Where shoes are to be transparent, (H, W) bool.

        Args:
            label: (H, W) uint8, as rendered with `draws`; shoes have a far label beyond `far_planes`.
            camera: of that picture, which is part of the mask's.
            corner: x, y of its first pixel there.
        """
        if self._method == "none":
            return np.zeros(label.shape, bool)
        x, y = corner
        mask = self._mask[y : y + label.shape[0], x : x + label.shape[1]]
        find = mesh_occlusion if self._method == "mesh" else silhouette_occlusion
        found = find(label, mask, camera, self._legs)
        if self._shoe.inside is not None:  # it fits the foot: the floor beside the foot is not seen in the shoe
            found[(label > OPENING) & (label <= TUBE) & (mask == 0)] = False
        return found

    def legs(self, camera: Camera) -> np.ndarray:
        """Where the fitted legs are in a part of the picture, (H, W) bool."""
        region = np.zeros((camera.height, camera.width), bool)
        for leg in self._legs:
            region |= filled_polygon(leg.outline(camera), region.shape)
        return region

    def reset(self) -> None:
        """Forget earlier frames."""
        self._steady = SteadyMask()

    def release(self) -> None:
        """Free the GPU memory."""
        for mesh in (self._cap, *self._tubes):
            mesh.release()
        self._tubes = []


class SteadyMask:
    """Lets a pixel of the mask change only when two frames running agree, while the shoes stand still."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._steady: np.ndarray | None = None
        self._points = np.zeros((0, 2))

    def __call__(self, mask: np.ndarray, points: np.ndarray) -> np.ndarray:
        """The steady mask (H, W) of a mask (H, W) uint8, with a point (N, 2) in pixels of each shoe."""
        still = (
            self._last is not None
            and self._last.shape == mask.shape
            and self._points.shape == points.shape
            and bool(np.abs(self._points - points).max(initial=0) < _STILL)
        )
        steady = mask.copy() if not still else self._steady
        if still:
            cv2.copyTo(mask, cv2.compare(mask, self._last, cv2.CMP_EQ), steady)
        self._last, self._steady, self._points = mask, steady, points
        return steady


def opening_cap(rim: np.ndarray, depth: float = CAP_DEPTH) -> Mesh:
    """The surface that closes an opening with rim (N, 3), `depth` metres below it."""
    ring = rim - (0, 0, depth)
    vertices = np.concatenate([ring, ring.mean(0, keepdims=True)]).astype(np.float32)
    i = np.arange(len(rim))
    faces = np.stack([i, (i + 1) % len(rim), np.full(len(rim), len(rim))], 1).astype(np.int32)
    return Mesh(vertices, faces, np.zeros_like(vertices), material=Material(double_sided=True))


def silhouette_occlusion(label: np.ndarray, mask: np.ndarray, camera: Camera, legs: list[Leg]) -> np.ndarray:
    """The paper's method: regions in the picture, nothing but order in depth.

    The leg is what is labelled leg, and wearer inside of the fitted leg's outline (socks and collars count as foot).
    Hidden is the opening where the wearer is; the region M0 N0 N1 M1 (`between_outlines`) and what lies behind
    the leg's axis, where the leg is; with trousers over the collar all that is labelled leg; and where a
    nearer foot's leg is.

    Args:
        label: (H, W) uint8, rendered.
        mask: (H, W) uint8, 0 background, 1 leg, 2 foot.
        legs: of the shoes with labels 1, 2, ...

    Returns:
        (H, W) bool.
    """
    hidden = np.zeros(mask.shape, bool)
    feet = cv2.LUT(label, _FOOT_OF_LABEL)
    for i, fit in enumerate(legs, 1):
        x, y, w, h = cv2.boundingRect(cv2.compare(feet, i, cv2.CMP_EQ))
        if not w:
            continue
        part = np.s_[y : y + h, x : x + w]
        leg, wearer = mask[part] == MASK_LEG, mask[part] != 0
        near, behind, opening = (label[part] == i + offset for offset in (0, BEHIND, OPENING))
        shoe, here = near | behind, (filled_polygon(fit.outline(camera) - (x, y), (h, w)) & wearer) | leg
        found = (opening & _grown(wearer, max(mask.shape))) | (behind & here)
        found |= between_outlines(shoe, opening, here) & (behind | opening)
        if fit.hem:
            found |= near & leg
        for other in legs:
            if other.centres[0, 2] < fit.centres[0, 2]:
                found |= shoe & wearer & filled_polygon(other.outline(camera) - (x, y), (h, w))
        hidden[part] |= found
    return hidden


def mesh_occlusion(label: np.ndarray, mask: np.ndarray, camera: Camera, legs: list[Leg]) -> np.ndarray:
    """A leg in three dimensions: hidden is what lies behind its tube.

    Up to the cuff that is so where the wearer is, as in the opening, and from there on where leg is. Trousers hang over
    the collar in folds that no tube has: there, all that is labelled leg is hidden. Arguments as
    `silhouette_occlusion`; the tubes are among what was rendered.
    """
    leg, wearer = mask == MASK_LEG, mask != 0
    hidden = (label > OPENING) & (label <= TUBE) & _grown(wearer, max(mask.shape))
    for i, fit in enumerate(legs, 1):
        hidden |= (label == i + TUBE) & leg
        if fit.hem:
            hidden |= ((label == i) | (label == i + BEHIND)) & leg
    return hidden


def between_outlines(shoe: np.ndarray, opening: np.ndarray, leg: np.ndarray) -> np.ndarray:
    """The region M0 N0 N1 M1 of a leg that crosses the shoe's outline, as far as the leg goes.

    S0 is the outline of shoe and opening together, S1 the outline of the opening. The part of S0 covered by the leg
    runs from M0 to M1; N0 and N1 are their nearest points on S1. With no crossing (the leg does not reach S0, or covers
    all of it) there is no such region; of several covered parts the longest counts. Nor is there one if no opening is
    seen (the shoe from below).

    Args:
        shoe, opening, leg: (H, W) bool.

    Returns:
        (H, W) bool.
    """
    S1 = _outline(opening)
    if S1 is None:
        return np.zeros(shoe.shape, bool)
    S0 = _outline(shoe | opening)
    run = _longest_run(leg[S0[:, 1], S0[:, 0]])
    if run is None:
        return np.zeros(shoe.shape, bool)
    covered = S0[run]
    N0, N1 = (S1[((S1 - M) ** 2).sum(1).argmin()] for M in (covered[0], covered[-1]))
    # By way of the opening's middle, so that nothing stays between the line N0 N1 and a hollow S1.
    return filled_polygon(np.concatenate([covered, [N1, S1.mean(0), N0]]), shoe.shape) & leg


def filled_polygon(polygon: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The inside (H, W) bool of a polygon (K, 2) in pixels; nothing if a point of it is behind the camera."""
    region = np.zeros(shape, np.uint8)
    if np.isfinite(polygon).all():
        cv2.fillPoly(region, [np.rint(polygon.clip(-1e4, 1e4)).astype(np.int32)], 1)
    return region.view(bool)


def _outline(region: np.ndarray) -> np.ndarray | None:
    """The outline (K, 2) x, y of the largest piece of a region (H, W) bool, in order; None if it is empty."""
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return max(contours, key=len)[:, 0] if contours else None


def _grown(mask: np.ndarray, size: int) -> np.ndarray:
    """The mask grown by 2 % of a size in pixels, about the error of a 64 x 64 mask."""
    radius = max(1, round(0.02 * size))
    return cv2.dilate(mask.view(np.uint8), np.ones((2 * radius + 1,) * 2, np.uint8)).view(bool)


def _longest_run(inside: np.ndarray) -> np.ndarray | None:
    """Indices of the longest run of True in a closed sequence (K,); None if there is no border between True and False.

    Short gaps are closed first.
    """
    count = len(inside)
    if inside.all() or not inside.any():
        return None
    start = int(np.flatnonzero(~inside & np.roll(inside, -1))[0]) + 1
    rolled = np.roll(inside, -start).astype(np.int8)
    edges = np.diff(np.concatenate([[0], rolled, [0]]))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    runs: list[list[int]] = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        if runs and begin - runs[-1][1] < _MIN_GAP * count:
            runs[-1][1] = end
        else:
            runs.append([begin, end])
    begin, end = max(runs, key=lambda r: r[1] - r[0])
    return (np.arange(begin, end) + start) % count
