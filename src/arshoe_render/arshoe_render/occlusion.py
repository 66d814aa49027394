"""Where the leg hides the virtual shoe: the paper's silhouette method (section 3.2), in the picture alone."""

import cv2
import numpy as np

_MIN_GAP = 0.02
"""Gaps in the leg's overlap shorter than this part of S0 are noise of the mask."""


def silhouette_occlusion(
    shoe: np.ndarray, opening: np.ndarray, leg: np.ndarray, wearer: np.ndarray, behind: np.ndarray
) -> np.ndarray:
    """The region of a rendered shoe that is to be transparent, because the leg is in front of it.

    S0 is the outline of shoe and opening together, S1 the outline of the opening. The part of S0 covered by the leg
    runs from M0 to M1; N0 and N1 are their nearest points on S1. Hidden are the region M0 N0 N1 M1 and the opening
    itself, out of which the leg comes.

    The lines M N cut corners off the leg, so it also hides what it covers of the shoe farther away than the opening's
    middle. The mask is not exact: to find M0 and M1 the leg is carried on to the opening (a sock or the worn shoe's
    collar counts as foot) and grown a little, and the region M0 N0 N1 M1 ends where that leg ends.

    With no crossing (the leg does not reach S0, or covers all of it) there is no region M0 N0 N1 M1; of several
    covered parts the longest counts. An opening that faces away leaves the whole shoe in front of the leg.

    Args:
        shoe: (H, W) bool, where the shoe is seen.
        opening: (H, W) bool, where the surface that closes the opening is seen.
        leg: (H, W) bool, the leg.
        wearer: (H, W) bool, leg or foot. Where the opening shows neither, the shoe's inside stays.
        behind: (H, W) bool, where the shoe's surface lies farther away than the opening's middle.

    Returns:
        (H, W) bool.
    """
    S1 = _outline(opening)
    if S1 is None:
        return np.zeros_like(shoe)
    hidden = opening & _grown(wearer)
    S0 = _outline(shoe | opening)
    grown = _grown(leg | (_down_to(opening, leg) & wearer))
    hidden |= leg & behind & shoe
    run = _longest_run(grown[S0[:, 1], S0[:, 0]])
    if run is None:
        return hidden
    covered = S0[run]
    M0, M1 = covered[0], covered[-1]
    N0, N1 = (S1[((S1 - M) ** 2).sum(1).argmin()] for M in (M0, M1))
    region = np.zeros(shoe.shape, np.uint8)
    # By way of the opening's middle, so that nothing stays between the line N0 N1 and a hollow S1.
    cv2.fillPoly(region, [np.concatenate([covered, [N1, S1.mean(0), N0]]).astype(np.int32)], 1)
    return hidden | (region.astype(bool) & (shoe | opening) & grown & wearer)


def soft_alpha(visible: np.ndarray) -> np.ndarray:
    """Opacity (H, W) uint8 of a region (H, W) bool that fades over its outermost pixel, never beyond it."""
    blurred = cv2.blur(visible.astype(np.uint8) * 255, (3, 3), borderType=cv2.BORDER_REPLICATE)
    # A straight edge leaves 2/3 on the outermost pixel, a corner less: spread that over the whole range.
    faded = cv2.convertScaleAbs(blurred, alpha=1.5, beta=-127.5)
    faded[blurred < 85] = 0
    return np.where(visible, faded, 0).astype(np.uint8)


def _outline(region: np.ndarray) -> np.ndarray | None:
    """The outline (K, 2) x, y of the largest piece of a region (H, W) bool, in order; None if it is empty."""
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return max(contours, key=len)[:, 0] if contours else None


def _down_to(opening: np.ndarray, leg: np.ndarray) -> np.ndarray:
    """The convex region (H, W) bool between the opening and the nearby part of the leg, both included."""
    x, y, w, h = cv2.boundingRect(opening.astype(np.uint8))
    reach = max(w, h)
    x0, y0 = max(x - reach, 0), max(y - reach, 0)
    part = _outline(leg[y0 : y + h + reach, x0 : x + w + reach])
    region = np.zeros(opening.shape, np.uint8)
    if part is not None:
        hull = cv2.convexHull(np.concatenate([part + np.array([x0, y0]), _outline(opening)]).astype(np.int32))
        cv2.fillConvexPoly(region, hull, 1)
    return region.astype(bool)


def _grown(mask: np.ndarray) -> np.ndarray:
    """The mask grown by 2 % of the picture, about the error of a 64 x 64 mask."""
    radius = max(1, round(0.02 * max(mask.shape)))
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * radius + 1,) * 2, np.uint8)).astype(bool)


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
