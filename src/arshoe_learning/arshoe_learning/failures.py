"""Which feet go wrong: missed, of the wrong side, turned round or with misplaced keypoints, by what makes them hard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from arshoe_core import se3
from arshoe_core.foot import Side
from arshoe_core.types import FootPose
from arshoe_learning.coco_dataset import LabelledFoot
from arshoe_learning.metrics import extent

SMALL = 50.0
"""Extent in pixels of the network's input (256 for the picture's longer side) below which a foot is small."""
FEW_VISIBLE = 2
TURNED_DEG = 60.0
NEAR = 0.2
"""Of the foot's extent: a keypoint farther from its label is misplaced."""


@dataclass(frozen=True)
class FootResult:
    """A labelled foot and what was found of it.

    Attributes:
        label: the foot.
        extent: in pixels of the network's input.
        view: which kind of view the picture is; "" where the labels don't say.
        crowded: another labelled foot is nearer than its extent.
        pose, points: the pose found and its keypoints (8, 2); None if it was missed.
    """

    label: LabelledFoot
    extent: float
    view: str
    crowded: bool
    pose: FootPose | None
    points: np.ndarray | None

    @property
    def rotation_deg(self) -> float:
        """Between the pose found and the labelled one; there must be both."""
        return float(np.rad2deg(se3.rotation_angle(self.label.R, self.pose.T_camera_foot[:3, :3])))

    @property
    def translation_cm(self) -> float:
        """As `rotation_deg`; the pose found is scaled to the true foot length."""
        t = self.pose.T_camera_foot[:3, 3] * self.label.foot_length / self.pose.foot_length
        return float(np.linalg.norm(t - self.label.t) * 100)

    @property
    def failure(self) -> str:
        """The first of `FAILURES` that applies; "" if none does."""
        if self.pose is None:
            return "missed"
        if self.label.R is not None and self.rotation_deg > TURNED_DEG:
            return "turned"
        if self.label.side not in (Side.UNKNOWN, self.pose.side):
            return "wrong side"
        known = np.isfinite(self.label.keypoints).all(1)
        distances = np.linalg.norm(self.points[known] - self.label.keypoints[known], axis=1)
        return "misplaced" if (distances > NEAR * extent(self.label.keypoints)).mean() > 0.5 else ""


FAILURES = ("missed", "turned", "wrong side", "misplaced")
"""Turned: by more than 60 degrees. Misplaced: more than half of the keypoints are farther off than 0.2 extents."""
CAUSES: dict[str, Callable[[FootResult], bool]] = {
    "smaller than 50 px": lambda result: result.extent < SMALL,
    "cut by the picture's border": lambda result: not np.isfinite(result.label.keypoints).all(),
    "two or fewer keypoints visible": lambda result: result.label.visible <= FEW_VISIBLE,
    "another foot near": lambda result: result.crowded,
}


def crowded(feet: Sequence[LabelledFoot], index: int) -> bool:
    """Whether another foot's middle is nearer to that of foot `index` than the foot's extent."""
    middles = [np.nanmean(foot.keypoints, 0) for foot in feet]
    size = extent(feet[index].keypoints)
    return any(np.linalg.norm(middle - middles[index]) < size for i, middle in enumerate(middles) if i != index)


def table(results: list[FootResult]) -> list[dict[str, str | int]]:
    """How many feet of each group fail, and how; the group with most failures first, then the rest and all.

    Groups are `CAUSES`, of which a foot may have several, feet with none of them, views and coverings.
    """
    groups = {name: [result for result in results if holds(result)] for name, holds in CAUSES.items()}
    groups["none of these"] = [r for r in results if not any(holds(r) for holds in CAUSES.values())]
    for kind, value_of in (("view", lambda r: r.view), ("foot", lambda r: r.label.covering)):
        for value in sorted({value_of(result) for result in results} - {""}):
            groups[f"{kind}: {value}"] = [result for result in results if value_of(result) == value]
    rows = [_row(name, members) for name, members in groups.items() if members]
    rows.sort(key=lambda row: -row["failures"])
    return [*rows, _row("all", results)]


def markdown(rows: list[dict[str, str | int]]) -> str:
    """The rows as a Markdown table."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([str(value) for value in row.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(name: str, members: list[FootResult]) -> dict[str, str | int]:
    failures = [result.failure for result in members]
    counts = {failure: failures.count(failure) for failure in FAILURES}
    return {"feet": name, "count": len(members), "failures": sum(counts.values()), **counts}
