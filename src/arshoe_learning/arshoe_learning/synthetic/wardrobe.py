"""What a leg wears: bare skin, socks, shoes; trousers, shorts or nothing above."""

from dataclasses import dataclass, replace

import numpy as np

from arshoe_core.foot import Side
from arshoe_core.se3 import from_rt
from arshoe_core.types import MASK_FOOT, MASK_LEG
from arshoe_learning.synthetic import footwear, paint
from arshoe_learning.synthetic.assets import SPLITS, Assets, read_picture
from arshoe_learning.synthetic.body import BodyModel, Leg
from arshoe_learning.synthetic.clothes import read_shoe
from arshoe_learning.synthetic.heels import heeled_shoe
from arshoe_learning.synthetic.landmarks import MM, FootCoordinates, Landmarks, bare_foot_frame, measure
from arshoe_learning.synthetic.stance import rotation_zyx
from arshoe_learning.synthetic.surface import Surface
from arshoe_learning.synthetic.trousers import sample_trousers
from arshoe_render.glb_reader import load_meshes
from arshoe_render.mesh import Material, Mesh, smooth_normals
from arshoe_render.shoe_maker import make_shoe, random_parameters

MADE_SHOES = 12_000
"""How many parametric shoes each split draws from; 100,000 pictures show about 4,000 of them."""
BOOTS, SANDALS, SOCKS_IN_SHOES, STOCKINGS = 0.1, 0.06, 0.6, 0.08
FITTED, MODELLED = 0.2, 0.14
"""Shares of the other shoes from MakeHuman and from GLB files; the rest is parametric."""
HIGH_HEELS = 0.25
"""Share of the shoes that lift the heel; drawn apart from the rest, so that the others stay what they were without."""
SOLE = 1
"""Place of the sole among the meshes of a made shoe."""
COVERINGS = {"bare": 0.24, "sock": 0.22, "shoe": 0.54}


@dataclass(frozen=True)
class DressedLeg:
    """A left leg at rest in its clothes.

    Attributes:
        leg: the bare one.
        surfaces: all that is drawn.
        covering: bare, sock or shoe.
        landmarks: keypoints on the outer surface of the foot as worn.
        T_rest_foot: (4, 4) frame of the bare foot.
        sole: (K, 3), (K, 4): points of the outer surface that may touch the floor, and their weights.
        cloth: what the seat above the legs is covered with.
        bare_legged: no trousers are worn.
        lift: pitch of the foot that the shoe's heel makes, radians; the toes are bent up as much.
    """

    leg: Leg
    surfaces: list[Surface]
    covering: str
    landmarks: Landmarks
    T_rest_foot: np.ndarray
    sole: tuple[np.ndarray, np.ndarray]
    cloth: Material
    bare_legged: bool
    lift: float = 0.0


class Wardrobe:
    """Dresses legs in what one split may use."""

    def __init__(self, assets: Assets, body: BodyModel) -> None:
        self._assets, self._body = assets, body
        self._nails = assets.mpfb2 / "textures/mpfb_toenails.jpg"
        self._fitted = [(shoe, shoe.weights(body)) for shoe in (read_shoe(p, body) for p in assets.clothes_shoes)]
        self._modelled = [footwear.normalised(load_meshes(path)) for path in assets.glb_shoes]

    def dress(self, leg: Leg, rng: np.random.Generator, covering: str | None = None) -> DressedLeg:
        """Draw clothes for a leg; `covering` fixes whether the foot is bare, in a sock or in a shoe."""
        covering = covering or str(rng.choice(list(COVERINGS), p=list(COVERINGS.values())))
        T_rest_foot, length = bare_foot_frame(leg.skin)
        foot = FootCoordinates(T_rest_foot, length)
        skin = self._paint_skin(leg.skin, foot, rng, covering == "shoe" and rng.random() < STOCKINGS)
        high, heel, lift = rng.spawn(1)[0], [], 0.0
        if covering == "bare":
            worn = _split_at_ankle(skin, foot)
        elif covering == "shoe" and high.random() < HIGH_HEELS:
            shoe = heeled_shoe(leg, _split_at_ankle(skin, foot), foot, high)
            worn, heel, lift = shoe.upper + shoe.inside, [shoe.heel], shoe.lift
        elif covering == "sock":
            worn = self._sock(leg, skin, foot, rng, shod=False)
        else:
            worn = self._shod(leg, skin, foot, rng)
        outer = [s for s in worn if s.label == MASK_FOOT] + [s for s in worn if s.label == MASK_LEG]
        landmarks = measure(outer, T_rest_foot, length)
        worn = worn + heel  # keypoints are those of a foot on a flat sole
        low = [s.vertices[:, 2] < 0.05 * length + min(s.vertices[:, 2].min(), 0) for s in worn]
        sole = tuple(
            np.concatenate([getattr(s, name)[keep] for s, keep in zip(worn, low, strict=True)])
            for name in ("vertices", "weights")
        )
        trousers = sample_trousers(leg, length, self._assets.fabrics, rng)
        if trousers:  # what they hide need not be drawn
            hem = trousers[0].vertices[:, 2].min() + 0.06
            worn = [s if s.label == MASK_FOOT else s.clipped(hem - s.vertices[:, 2]) for s in worn]
            worn = [s for s in worn if len(s.faces)]
        cloth = trousers[0].material if trousers else Material((*paint.random_color(rng), 1), roughness=0.95)
        return DressedLeg(leg, worn + trousers, covering, landmarks, T_rest_foot, sole, cloth, not trousers, lift)

    def empty_shoes(self, rng: np.random.Generator) -> list[Mesh]:
        """One shoe or a pair without feet, standing at the origin; metres."""
        left = self._make_shoe(rng)
        pair = [left, [mesh.transformed(np.diag([1.0, -1.0, 1.0, 1.0])) for mesh in left]]
        gap, shift, turn = rng.uniform(0.05, 0.12), rng.uniform(-0.06, 0.06), rng.normal(0, 0.15)
        placed = [from_rt(np.eye(3), (0, gap, 0)), from_rt(rotation_zyx(turn, 0, 0), (shift, -gap, 0))]
        meshes = [mesh.transformed(T) for T, shoe in zip(placed, pair, strict=True) for mesh in shoe]
        if rng.random() < 0.4:
            meshes = meshes[: len(left)]
        low = min(float(mesh.vertices[:, 2].min()) for mesh in meshes)
        return [mesh.transformed(from_rt(np.eye(3), (0, 0, -low))) for mesh in meshes]

    def _paint_skin(self, skin: Surface, foot: FootCoordinates, rng: np.random.Generator, stockings: bool) -> Surface:
        if stockings:
            tone, roughness = paint.random_color(rng) * rng.uniform(0.1, 1), rng.uniform(0.6, 0.9)
            material = Material((1, 1, 1, 1), paint.cloth_texture(rng, ()), roughness=roughness)
            return replace(skin, colors=np.tile(tone, (len(skin.vertices), 1)), material=material)
        tone = paint.skin_color(rng)
        x, _, z = foot(skin.vertices).T
        colors = np.tile(tone, (len(skin.vertices), 1))
        reddish = np.clip((x - 0.72) / 0.2, 0, 1) * (z < 0.3) + np.clip(0.12 - z, 0, 0.12) * 4
        colors *= 1 + reddish[:, None] * rng.uniform(0, 0.4) * np.array([0.25, -0.12, -0.1])
        if self._nails.is_file():
            mask = read_picture(self._nails)[..., 0] / 255
            row, column = ((1 - skin.uvs[:, 1]) * len(mask)).astype(int), (skin.uvs[:, 0] * mask.shape[1]).astype(int)
            nail = mask[row.clip(0, len(mask) - 1), column.clip(0, mask.shape[1] - 1)][:, None]
            polish = paint.random_color(rng) if rng.random() < 0.25 else tone * 1.15 + 0.05
            colors = colors * (1 - nail) + polish * nail
        material = Material((1, 1, 1, 1), paint.skin_texture(rng), roughness=rng.uniform(0.4, 0.75))
        return replace(skin, colors=colors.clip(0, 1), uvs=skin.uvs * rng.uniform(5, 12), material=material)

    def _sock(
        self, leg: Leg, skin: Surface, foot: FootCoordinates, rng: np.random.Generator, shod: bool
    ) -> list[Surface]:
        """A sock on the smooth surface, and the skin above its cuff."""
        low, high = (0.36, 0.9) if shod else (0.3, 1.1)
        cuff = rng.uniform(low, high) if rng.random() < 0.8 else rng.uniform(1.0, 1.5)
        thickness = rng.uniform(0.001, 0.003)
        tights = leg.tights
        wrinkles = 0.0008 * np.sin(tights.vertices @ rng.normal(0, 120, 3)) * rng.random()
        vertices = tights.vertices + (thickness + wrinkles)[:, None] * tights.normals
        normals = smooth_normals(vertices, tights.faces).astype(np.float64)
        texture = paint.pattern(rng, paint.cloth_texture(rng, self._assets.fabrics))
        material = Material((1, 1, 1, 1), texture, roughness=0.95, double_sided=True)
        sock = replace(
            tights, vertices=vertices, normals=normals, uvs=footwear.cloth_uvs(vertices) / rng.uniform(0.05, 0.12),
            label=MASK_FOOT, material=material,
        )  # fmt: skip
        z = foot(tights.vertices)[:, 2]
        skin_z = foot(skin.vertices)[:, 2]
        return [sock.clipped(cuff - z), skin.clipped(skin_z - cuff + 0.03)]

    def _shod(self, leg: Leg, skin: Surface, foot: FootCoordinates, rng: np.random.Generator) -> list[Surface]:
        """A shoe, and what of the skin or the sock it leaves to be seen."""
        kind, socks = rng.random(), rng.random() < SOCKS_IN_SHOES
        if kind < BOOTS:
            boot, top = footwear.boot(leg, self._make_shoe(rng)[SOLE], foot, self._assets.fabrics, rng)
            return [*boot, skin.clipped(foot(skin.vertices)[:, 2] - top + 0.03)]
        if kind < BOOTS + SANDALS:
            return [*footwear.sandal(leg, skin, self._make_shoe(rng)[SOLE], foot, rng), *_split_at_ankle(skin, foot)]
        inner = self._sock(leg, skin, foot, rng, shod=True) if socks else _split_at_ankle(skin, foot)
        kind = rng.random()
        if kind < FITTED and self._fitted:
            shoe, weights = self._fitted[rng.integers(len(self._fitted))]
            visible = [footwear.without(surface, leg, shoe.deleted) for surface in inner]
            visible = [surface for surface in visible if len(surface.faces)]
            return [self._paint_fitted(shoe.vertices(leg), shoe.faces, weights, foot, rng), *visible]
        if kind < FITTED + MODELLED and self._modelled:
            meshes, width, collar = self._modelled[rng.integers(len(self._modelled))], 1.08, 58 * MM
        else:
            meshes, width, collar = self._make_shoe(rng), 1.0, 35 * MM
        size = rng.uniform(1.0, 1.05) * np.array([1, width * rng.uniform(0.97, 1.06), rng.uniform(0.97, 1.06)])
        visible = []
        for surface in inner:
            x, _, z = foot(surface.vertices).T
            visible.append(surface.clipped(np.minimum(112 * MM - x, z - collar)))
        return [footwear.attach(mesh, size, foot, leg) for mesh in meshes] + visible

    def _paint_fitted(
        self,
        vertices: np.ndarray,
        faces: np.ndarray,
        weights: np.ndarray,
        foot: FootCoordinates,
        rng: np.random.Generator,
    ) -> Surface:
        normals = smooth_normals(vertices, faces).astype(np.float64)
        texture = paint.cloth_texture(rng, self._assets.fabrics)
        material = Material((1, 1, 1, 1), texture, roughness=rng.uniform(0.25, 0.9), double_sided=True)
        uvs = footwear.cloth_uvs(vertices) / rng.uniform(0.04, 0.12)
        return Surface(
            vertices, normals, faces, weights, uvs, footwear.two_tone(foot(vertices), rng), MASK_FOOT, material
        )

    def _make_shoe(self, rng: np.random.Generator) -> list[Mesh]:
        number = rng.integers(MADE_SHOES)
        parameters = random_parameters(np.random.default_rng([SPLITS.index(self._assets.split), number]))
        return make_shoe(replace(parameters, side=Side.LEFT, texture_size=256))


def _split_at_ankle(skin: Surface, foot: FootCoordinates) -> list[Surface]:
    """Foot and leg, parted where a low-cut shoe would end: lower in front of the ankle bones' height at the back."""
    z = foot(skin.vertices)[:, 2]
    return [replace(skin.clipped(88 * MM - z), label=MASK_FOOT), skin.clipped(z - 88 * MM)]
