"""The mask against shapes drawn at cell resolution."""

from dataclasses import replace

import numpy as np
import pytest

from arshoe_core.types import NetworkOutput
from arshoe_perception.mask import decode_mask
from arshoe_perception.preprocessing import Region, preprocess


def output_of(segmentation, width=640, height=480):
    _, cell_to_image = preprocess(np.zeros((height, width, 3), np.uint8))
    empty = np.zeros((0, 64, 64), np.float32)
    return NetworkOutput(empty, empty, segmentation.astype(np.float32), cell_to_image, width, height)


def test_nothing_is_background():
    mask = decode_mask(output_of(np.zeros((2, 64, 64))))
    assert mask.shape == (480, 640) and mask.dtype == np.uint8 and not mask.any()


@pytest.mark.parametrize("width, height", [(640, 480), (480, 640), (1280, 720), (200, 200)])
def test_discs_come_back_at_image_size(width, height):
    v, u = np.mgrid[:64, :64]
    leg, foot = np.hypot(u - 26, v - 28) < 8, np.hypot(u - 40, v - 34) < 7
    output = output_of(np.stack([leg & ~foot, foot]), width, height)
    mask = decode_mask(output)
    y, x = np.mgrid[:height, :width]
    to_cell = np.linalg.inv(np.vstack([output.cell_to_image, [0, 0, 1]]))
    cells = np.stack([x, y, np.ones_like(x)], -1) @ to_cell.T
    foot_truth = np.hypot(cells[..., 0] - 40, cells[..., 1] - 34) < 7
    leg_truth = (np.hypot(cells[..., 0] - 26, cells[..., 1] - 28) < 8) & ~foot_truth
    for value, truth in ((1, leg_truth), (2, foot_truth)):
        found = mask == value
        assert (found & truth).sum() / (found | truth).sum() > 0.93


def test_a_full_map_fills_the_picture():
    assert (decode_mask(output_of(np.stack([np.zeros((64, 64)), np.ones((64, 64))]))) == 2).all()


@pytest.mark.parametrize("rows", [slice(0, 4), slice(60, 64)])
def test_what_is_found_beside_the_picture_is_left_out(rows):
    segmentation = np.zeros((2, 64, 64))
    segmentation[1, rows] = 1
    assert not decode_mask(output_of(segmentation)).any()


def test_what_a_region_does_not_show_is_background():
    region = Region(100, 50, 356, 306)
    _, cell_to_image = preprocess(np.zeros((480, 640, 3), np.uint8), region=region)
    output = replace(output_of(np.stack([np.zeros((64, 64)), np.ones((64, 64))])), cell_to_image=cell_to_image)
    mask = decode_mask(output)
    assert mask.shape == (480, 640)
    assert (mask[50:306, 100:356] == 2).all()
    mask[49:307, 99:357] = 0  # the cells' border may round to the next pixel
    assert not mask.any()
