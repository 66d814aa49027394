from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from arshoe_core.assignment import assign

matrices = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=5), elements=st.floats(-1, 1))


def best_sum(benefit):
    if len(benefit) > benefit.shape[1]:
        benefit = benefit.T
    benefit = np.maximum(benefit, 0)
    return max(sum(row[j] for row, j in zip(benefit, p, strict=False)) for p in permutations(range(benefit.shape[1])))


@given(matrices)
def test_sum_is_the_best_of_all_permutations(benefit):
    pairs = assign(benefit)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(benefit[i, j] > 0 for i, j in pairs)
    assert sum(benefit[i, j] for i, j in pairs) == pytest.approx(best_sum(benefit))


def test_greedy_would_lose():
    assert assign(np.array([[0.9, 0.8], [0.8, 0.1]])) == [(0, 1), (1, 0)]


def test_nothing_to_assign():
    assert assign(np.zeros((0, 3))) == []
    assert assign(np.full((2, 2), -1.0)) == []
