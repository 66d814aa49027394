"""Letterboxing and its transforms, against pictures whose content says where a pixel came from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_core.errors import BadInputError
from arshoe_perception.preprocessing import (
    INPUT_SIZE,
    PAD_VALUE,
    cell_to_image_transform,
    cell_to_input_pixel,
    letterbox,
    normalise,
    preprocess,
)

sizes = st.integers(40, 900)


@settings(max_examples=25, deadline=None)
@given(width=sizes, height=sizes)
def test_picture_centre_and_corners_go_where_the_transform_says(width, height):
    square, input_to_image = letterbox(np.zeros((height, width, 3), np.uint8))
    inside = np.argwhere((square != PAD_VALUE).all(2))
    (top, left), (bottom, right) = inside.min(0), inside.max(0)
    corners = np.array([[left - 0.5, top - 0.5, 1], [right + 0.5, bottom + 0.5, 1]]) @ input_to_image.T
    np.testing.assert_allclose(corners, [[-0.5, -0.5], [width - 0.5, height - 0.5]], atol=1e-9)
    assert max(right - left, bottom - top) + 1 == INPUT_SIZE


@settings(max_examples=15, deadline=None)
@given(width=sizes, height=sizes)
def test_a_ramp_keeps_its_place(width, height):
    ramp = np.linspace(20, 230, width)
    image = np.repeat(np.tile(ramp, (height, 1))[..., None], 3, 2).astype(np.uint8)
    square, input_to_image = letterbox(image)
    y = round((INPUT_SIZE - 1) / 2)
    row = square[y, :, 0].astype(float)
    x_image = input_to_image[0, 0] * np.arange(INPUT_SIZE) + input_to_image[0, 2]
    inside = (x_image > 2) & (x_image < width - 3)
    expected = 20 + 210 * x_image / (width - 1)
    assert np.abs(row - expected)[inside].max() <= 210 / width + 2


@given(u=st.integers(0, 63), v=st.integers(0, 63))
def test_cells_are_centred_on_four_input_pixels(u, v):
    assert cell_to_input_pixel(np.array([u, v])).tolist() == [4 * u + 1.5, 4 * v + 1.5]
    identity = np.eye(3)[:2]
    assert (cell_to_image_transform(identity) @ [u, v, 1]).tolist() == [4 * u + 1.5, 4 * v + 1.5]


def test_input_is_the_normalised_square():
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    network_input, cell_to_image = preprocess(image)
    assert network_input.shape == (1, 3, 256, 256) and network_input.dtype == np.float32
    np.testing.assert_allclose(network_input[0].transpose(1, 2, 0), normalise(letterbox(image)[0]), atol=1e-6)
    np.testing.assert_allclose(cell_to_image, [[10, 0, 4.5], [0, 10, -75.5]])


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_other_arrays_are_refused(image):
    with pytest.raises(BadInputError, match="allowed: uint8"):
        preprocess(image)
