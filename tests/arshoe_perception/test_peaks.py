import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arshoe_perception.peaks import find_peaks


def gaussian(points, sigma=1.5, size=64):
    v, u = np.mgrid[:size, :size]
    blobs = [np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * sigma**2)) for x, y in points]
    return np.max(blobs, 0).astype(np.float32)[None]


@given(st.floats(1, 62), st.floats(1, 62), st.floats(0.8, 3))
def test_a_gaussian_is_found_below_the_cell(x, y, sigma):
    (found,) = find_peaks(gaussian([(x, y)], sigma), 0.2, 4)
    assert len(found) == 1
    np.testing.assert_allclose(found[0, :2], (x, y), atol=0.01)


def test_peaks_are_ordered_limited_and_thresholded():
    heatmap = (
        gaussian([(10, 10)]) + 0.8 * gaussian([(30, 12)]) + 0.6 * gaussian([(50, 40)]) + 0.1 * gaussian([(20, 50)])
    )
    (found,) = find_peaks(heatmap, 0.2, 6)
    np.testing.assert_allclose(found[:, 2], [1, 0.8, 0.6], atol=1e-3)
    assert len(find_peaks(heatmap, 0.2, 2)[0]) == 2


def test_a_plateau_is_one_peak():
    heatmap = np.zeros((1, 64, 64), np.float32)
    heatmap[0, 20:22, 30:32] = 0.9
    assert len(find_peaks(heatmap, 0.2, 6)[0]) == 1


@pytest.mark.parametrize("point", [(0, 0), (63, 63), (0, 30), (31, 63)])
def test_peaks_on_the_border_stay_inside(point):
    (found,) = find_peaks(gaussian([point]), 0.2, 6)
    np.testing.assert_allclose(found[0, :2], point, atol=0.01)


def test_empty_and_unbounded_maps():
    assert [len(p) for p in find_peaks(np.zeros((8, 64, 64), np.float32), 0.2, 6)] == [0] * 8
    (found,) = find_peaks(3 * gaussian([(10, 10)]), 0.2, 6)
    assert found[0, 2] == 1.0
