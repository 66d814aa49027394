import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_core.types import MASK_FOOT
from arshoe_stabilizer.optical_flow import OpticalFlow

WIDTH, HEIGHT = 320, 240
SQUARE = np.array([[60, 60], [140, 60], [140, 140], [60, 140]], float)


def texture(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (2 * HEIGHT, 2 * WIDTH)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2)


def scene(*squares):
    """A floor that rests and textured squares at SQUARE + (x, y), the later ones in front; the mask of all of them."""
    image, mask = texture(0)[:HEIGHT, :WIDTH].copy(), np.zeros((HEIGHT, WIDTH), np.uint8)
    for i, shift in enumerate(squares):
        move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], float)
        skin = cv2.warpAffine(texture(i + 1), move, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
        area = cv2.fillConvexPoly(np.zeros_like(mask), np.rint(SQUARE + shift).astype(np.int32), 1) > 0
        image[area], mask[area] = skin[area], MASK_FOOT
    return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), mask


def flow_between(before, after, regions, width=640):
    flow = OpticalFlow(width, 60)
    flow.push(*before)
    flow.push(*after)
    return [pairs and pairs.mean_displacement for pairs in flow.follow(regions)]


@settings(deadline=None, max_examples=20)
@given(st.floats(-12, 12), st.floats(-12, 12))
def test_displacement_below_the_pixel(x, y):
    (found,) = flow_between(scene((0, 0)), scene((x, y)), [SQUARE])
    np.testing.assert_allclose(found, (x, y), atol=0.15)


def test_reduced_frames_give_image_pixels():
    before, after = ([cv2.resize(p, None, fx=4, fy=4) for p in scene(shift)] for shift in ((0, 0), (4, -3)))
    (found,) = flow_between(before, after, [4 * SQUARE], width=320)
    np.testing.assert_allclose(found, (16, -12), atol=0.8)


def test_two_regions_that_overlap_move_each_their_way():
    """The square in front hides the corner of the other; its corners must not count for the one behind."""
    before, after = scene((0, 0), (50, 40)), scene((-3, 0), (55, 44))
    behind, front = flow_between(before, after, [SQUARE, SQUARE + np.array([50, 40])])
    np.testing.assert_allclose(behind, (-3, 0), atol=0.3)
    np.testing.assert_allclose(front, (5, 4), atol=0.3)


def test_without_a_mask_the_region_itself_is_followed():
    image, mask = scene((0, 0))
    (found,) = flow_between((image, mask * 0), (scene((3, 2))[0], mask * 0), [SQUARE])
    np.testing.assert_allclose(found, (3, 2), atol=0.3)


def test_a_guess_reaches_farther():
    """70 px are out of the pyramid's reach, but not from near where the corner is expected."""
    flow = OpticalFlow(640, 60)
    flow.push(*scene((0, 0)))
    flow.push(*scene((70, 0)))
    (astray,) = flow.follow([SQUARE], [np.zeros(2)])
    (found,) = flow.follow([SQUARE], [np.array([60.0, 5.0])])
    assert astray is None or abs(astray.mean_displacement[0] - 70) > 10
    np.testing.assert_allclose(found.mean_displacement, (70, 0), atol=0.15)


def test_corners_are_spread():
    """The strongest corners are all in one half of the region, which has room for 25; a few of the other count too."""
    image, mask = scene((0, 0))
    image[60:140, 100:140] = 60 + image[60:140, 100:140] // 2
    flow = OpticalFlow(640, 40)
    flow.push(image, mask)
    flow.push(image, mask)
    (pairs,) = flow.follow([SQUARE])
    weak = pairs.start[:, 0] > 105
    assert 0 < weak.sum() < 10


@pytest.mark.parametrize("region", [SQUARE, SQUARE + 1000, SQUARE - 1000, SQUARE * 0, SQUARE * 100])
def test_nothing_to_follow(region):
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
    assert flow_between(grey, grey, [region]) == [None]
    assert len(flow_between(scene((0, 0)), scene((0, 0)), [region])) == 1


def test_first_frame_and_new_size_have_no_last_one():
    flow = OpticalFlow(640, 60)
    flow.push(*scene((0, 0)))
    assert flow.follow([SQUARE]) == [None]
    assert not flow.is_cut()
    flow.push(*(p[:100, :100] for p in scene((0, 0))))
    assert flow.follow([SQUARE]) == [None]


def test_a_cut_is_another_scene_not_another_brightness():
    image, mask = scene((0, 0))
    other = np.zeros_like(image)
    other[:, : WIDTH // 2] = 255
    flow = OpticalFlow(640, 60)
    cuts = []
    for picture in (image, image, cv2.add(image, (60, 60, 60, 0)), scene((20, 10))[0], other):
        flow.push(picture, mask)
        cuts.append(flow.is_cut())
    assert cuts == [False, False, False, False, True]
