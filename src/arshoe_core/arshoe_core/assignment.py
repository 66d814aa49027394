"""Optimal one-to-one assignment of a few things (peaks to peaks, poses to tracks).

scipy.optimize.linear_sum_assignment does the same, but would be the only use of scipy (100 MB, 0.3 s to import)
in the running pipeline, for matrices of 1 to 6 rows.
"""

import numpy as np


def assign(benefit: np.ndarray) -> list[tuple[int, int]]:
    """Choose pairs (row, column), each row and column at most once, with the largest sum of benefits.

    Args:
        benefit: (N, M) finite values; pairs of zero or less are never chosen.

    Returns:
        Pairs in order of their rows.
    """
    benefit = np.maximum(np.asarray(benefit, np.float64), 0.0)
    if benefit.size == 0:
        return []
    best = benefit.argmax(1)
    chosen = benefit[np.arange(len(benefit)), best] > 0
    if len(set(best[chosen])) == chosen.sum():  # every row can have its best: nothing to solve
        return [(int(i), int(best[i])) for i in np.flatnonzero(chosen)]
    if len(benefit) > benefit.shape[1]:
        return sorted((i, j) for j, i in assign(benefit.T))
    return [(i, j) for i, j in _hungarian(-benefit) if benefit[i, j] > 0]


def _hungarian(cost: np.ndarray) -> list[tuple[int, int]]:
    """Least-cost assignment of every row of cost (N, M), N <= M, by shortest augmenting paths (Jonker, Volgenant)."""
    n, m = cost.shape
    u, v = np.zeros(n + 1), np.zeros(m + 1)
    row_of = np.zeros(m + 1, int)  # 1-based row held by each column; column 0 stands for the row being placed
    for row in range(1, n + 1):
        row_of[0] = row
        column = 0
        shortest = np.full(m + 1, np.inf)
        came_from = np.zeros(m + 1, int)
        done = np.zeros(m + 1, bool)
        while row_of[column]:
            done[column] = True
            reduced = cost[row_of[column] - 1] - u[row_of[column]] - v[1:]
            better = ~done[1:] & (reduced < shortest[1:])
            shortest[1:][better] = reduced[better]
            came_from[1:][better] = column
            next_column = int(np.where(done, np.inf, shortest)[1:].argmin()) + 1
            delta = shortest[next_column]
            u[row_of[done]] += delta
            v[done] -= delta
            shortest[~done] -= delta
            column = next_column
        while column:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    return sorted((int(row_of[j]) - 1, j - 1) for j in range(1, m + 1) if row_of[j])
