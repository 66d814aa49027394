"""High heels: they stand on the floor beside flat toes, and leave the keypoints on the shoe."""

from types import SimpleNamespace

import numpy as np
import pytest

from arshoe_core.foot import KEYPOINT_NAMES
from arshoe_core.se3 import from_rt
from arshoe_core.types import MASK_FOOT
from arshoe_learning.synthetic import wardrobe
from arshoe_learning.synthetic.body import Leg
from arshoe_learning.synthetic.heels import heeled_shoe
from arshoe_learning.synthetic.landmarks import FootCoordinates
from arshoe_learning.synthetic.stance import STEEPEST, FootPlacement, bend_leg, foot_rotation
from arshoe_learning.synthetic.surface import FOOT, NUM_SEGMENTS, TOES, Surface, grid_faces
from arshoe_render.mesh import smooth_normals

LENGTH = 0.26
T_REST_FOOT = from_rt(np.eye(3), (-0.06, 0.1, 0.0))


def _plank_leg() -> Leg:
    """A foot like a flat box of one foot length, whose toes bend at 0.7 of it, under a bare skeleton."""
    x, y = np.meshgrid(np.linspace(0, 1, 41), np.linspace(-0.17, 0.17, 9))
    layers = [np.stack([x, y, np.full_like(x, z)], -1).reshape(-1, 3) for z in np.linspace(0, 0.3, 13)]
    points = np.concatenate(layers) * LENGTH + T_REST_FOOT[:3, 3]
    grid = grid_faces(9, 41)
    faces = np.concatenate([grid + layer * x.size for layer in range(13)])
    weights = np.zeros((len(points), NUM_SEGMENTS))
    weights[:, TOES] = np.tile(x.ravel(), 13) > 0.7
    weights[:, FOOT] = 1 - weights[:, TOES]
    nothing = np.zeros((len(points), 2))
    normals = smooth_normals(points, faces).astype(np.float64)
    surface = Surface(points, normals, faces, weights, nothing, np.ones_like(points))
    hip, knee, ankle, ball = np.array([[0, 0.1, 0.9], [0, 0.1, 0.48], [0, 0.1, 0.07], [0.122, 0.1, 0.02]])
    return Leg(np.zeros((0, 3)), surface, surface, hip, knee, ankle, ball, 0.1, 0.0)


@pytest.mark.parametrize("seed", range(24))
def test_heel_and_ball_stand_on_one_floor(seed):
    """The heel's end is level, and as low as the shoe is where its toes begin."""
    leg, foot = _plank_leg(), FootCoordinates(T_REST_FOOT, LENGTH)
    shoe = heeled_shoe(leg, [leg.skin], foot, np.random.default_rng(seed))
    assert 0.1 < shoe.lift < 0.9
    placement = FootPlacement(0.0, 0.1).lifted(shoe.lift)
    transforms = bend_leg(leg, foot_rotation(T_REST_FOOT, placement), leg.ankle, leg.hip, placement.toes, 0.0)
    heel = shoe.heel.posed(transforms, mirror=False).vertices
    end = heel[heel[:, 2] < heel[:, 2].min() + 1e-4]
    assert len(end) >= 17 and np.ptp(heel[:, 2]) > 0.02
    toes = [part.posed(transforms, mirror=False).vertices[part.weights[:, TOES] > 0.99] for part in shoe.upper]
    assert end[:, 2].mean() == pytest.approx(np.concatenate(toes)[:, 2].min(), abs=0.004)


def test_the_heel_is_drawn_as_foot_and_holds_no_keypoint(monkeypatch, tmp_path):
    """What the wardrobe makes of it: a lifted foot whose lowest point is the heel's, with keypoints on the shoe."""
    monkeypatch.setattr(wardrobe, "HIGH_HEELS", 1.0)
    monkeypatch.setattr(wardrobe, "bare_foot_frame", lambda skin: (T_REST_FOOT, LENGTH))
    monkeypatch.setattr(wardrobe, "sample_trousers", lambda *_: [])
    assets = SimpleNamespace(mpfb2=tmp_path, clothes_shoes=[], glb_shoes=[], fabrics=[])
    dressed = wardrobe.Wardrobe(assets, body=None).dress(_plank_leg(), np.random.default_rng(1), "shoe")
    lowest = min(dressed.surfaces, key=lambda surface: surface.vertices[:, 2].min())
    assert dressed.lift > 0.1 and lowest.label == MASK_FOOT
    assert dressed.sole[0][:, 2].min() == lowest.vertices[:, 2].min()
    heel_bottom = dressed.landmarks.points[KEYPOINT_NAMES.index("heel_bottom")]
    assert heel_bottom[2] > lowest.vertices[:, 2].min() + 0.02


@pytest.mark.parametrize(("pitch", "lift", "expected"), [(0.0, 0.5, 0.5), (0.9, 0.5, STEEPEST), (1.6, 0.5, 1.6)])
def test_a_heel_pitches_a_foot_as_far_as_an_ankle_bends(pitch, lift, expected):
    lifted = FootPlacement(0.0, 0.0, pitch=pitch, toes=pitch).lifted(lift)
    assert (lifted.pitch, lifted.toes) == (expected, expected)
    assert FootPlacement(0.0, 0.0, pitch=pitch).lifted(0.0).pitch == pitch
