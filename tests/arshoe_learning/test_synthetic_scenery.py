"""Furniture and skirts: where they stand and hang, without assets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_core.types import MASK_LEG
from arshoe_learning.synthetic.assets import Assets
from arshoe_learning.synthetic.furniture import CLEARANCE, PIECES, furniture, placed, turned
from arshoe_learning.synthetic.person import Person, ellipsoid
from arshoe_learning.synthetic.skirts import with_skirt
from arshoe_learning.synthetic.surface import WHITE

NO_ASSETS = Assets("nowhere", (), (), (), (), (), "train")


def standing(height: float = 0.9) -> Person:
    """Two upright legs as long ellipsoids, 9 cm beside the middle."""
    legs = [ellipsoid(np.array([0, y, height / 2]), np.array([0.06, 0.06, height / 2]), WHITE) for y in (-0.09, 0.09)]
    return Person([(leg, MASK_LEG) for leg in legs], [], np.array([0, 0, height]))


@pytest.mark.parametrize("make", PIECES)
def test_a_piece_stands_on_the_floor(make):
    for seed in range(10):
        parts = make(np.random.default_rng(seed), WHITE, WHITE)
        low = min(part.vertices[:, 2].min() for part in parts)
        assert low == pytest.approx(0, abs=0.04) and max(part.vertices[:, 2].max() for part in parts) > 0.3


def test_a_body_of_revolution_faces_outwards():
    mesh = turned(np.array([[0, 0.1], [1, 0.2]]), np.array([3, 4]), WHITE)
    outwards = mesh.vertices[:, :2] - (3, 4)
    assert np.linalg.norm(outwards, axis=1) == pytest.approx(0.1 + 0.1 * mesh.vertices[:, 2], abs=1e-6)
    assert ((mesh.normals[:, :2] * outwards).sum(1) > 0).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_nothing_stands_on_a_foot(seed):
    rng = np.random.default_rng(seed)
    feet = rng.uniform(-0.6, 0.6, (20, 3)) * (1, 1, 0)
    for mesh in furniture(rng, NO_ASSETS, np.zeros(2), feet):
        gaps = np.abs(feet[:, None, :2] - mesh.vertices[None, :, :2]).max(-1)
        assert gaps.min() > 0.02


def test_a_piece_that_comes_too_near_is_left_out():
    piece = [ellipsoid(np.array([0, 0, 0.2]), np.full(3, 0.2), WHITE)]
    foot = np.array([[1.0, 0, 0]])
    assert placed(piece, 0.3, np.array([1.0 - 0.2 - CLEARANCE + 0.05, 0, 0]), foot) == []
    assert len(placed(piece, 0.3, np.array([0.5, 0, 0]), foot)) == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_a_skirt_is_around_both_legs_and_above_the_feet(seed):
    person = with_skirt(standing(), (), np.random.default_rng(seed))
    *legs, (skirt, label) = person.meshes
    assert label == MASK_LEG and len(legs) == 2
    hem = skirt.vertices[:, 2].min()
    assert 0.13 < hem < 0.56
    for height in np.unique(skirt.vertices[:, 2])[1:-1]:
        ring = skirt.vertices[np.isclose(skirt.vertices[:, 2], height), :2]
        near = np.concatenate([leg.vertices for leg, _ in legs])
        near = near[np.abs(near[:, 2] - height) < 0.02, :2]
        assert len(near) == 0 or np.linalg.norm(near, axis=1).max() < np.linalg.norm(ring, axis=1).max()


def test_who_sits_wears_no_skirt():
    person = standing(0.3)
    assert with_skirt(person, (), np.random.default_rng(0)) is person
