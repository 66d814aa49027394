"""The plots of docs/pose.md."""

from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from arshoe_core.files import replacing

_SIZE = (7.5, 3.2)


def write(folder: Path, figures: dict) -> None:
    """Write pose_error.png, pose_feet.png and pose_covariance.png into a folder, from the result of `bench pose`.

    Raises:
        BadInputError: if the folder can't be written to.
    """
    for name, draw in (("error", _draw_error), ("feet", _draw_feet), ("covariance", _draw_covariance)):
        figure, axes = plt.subplots(1, 2, figsize=_SIZE, layout="constrained")
        draw(axes, figures)
        for ax in axes:
            ax.grid(alpha=0.3)
            ax.legend(fontsize=7)
        with replacing(folder / f"pose_{name}.png") as partial:
            figure.savefig(partial, format="png", dpi=100)
        plt.close(figure)


def _draw_error(axes, figures: dict) -> None:
    """Rotation and position error over noise: median and dashed 95th percentile, by missing keypoints."""
    for ax, name, label in ((axes[0], "rot_deg", "rotation error, °"), (axes[1], "trans_cm", "position error, cm")):
        for missing in sorted({row["missing"] for row in figures["missing"]}):
            rows = [row for row in figures["missing"] if row["missing"] == missing]
            _line(ax, rows, "noise", lambda row, name=name: row[f"{name}_p50"], f"C{missing}-", f"{missing} missing")
            _line(ax, rows, "noise", lambda row, name=name: row[f"{name}_p95"], f"C{missing}--", None)
        ax.set(xlabel="noise, px of the network's 256", ylabel=f"{label} (p50, dashed p95)", ylim=(0, None))


def _draw_feet(axes, figures: dict) -> None:
    """Side accuracy over the number of feet, and grouping accuracy over the overlap of two feet, by noise."""
    for i, noise in enumerate(sorted({row["noise"] for row in figures["feet"]})):
        rows = [row for row in figures["feet"] if row["noise"] == noise]
        _line(axes[0], rows, "feet", lambda row: _percent(row["side_right"]), f"C{i}o-", f"{noise:g} px")
        rows = [row for row in figures["crossing"] if row["noise"] == noise][:-1]
        _line(axes[1], rows, "overlap", lambda row: _percent(row["grouped"]), f"C{i}o-", f"{noise:g} px")
    axes[0].set(xlabel="feet in the picture", ylabel="side right, % of the feet found")
    axes[1].set(xlabel="overlap of two feet's outlines", ylabel="keypoints in their own group, %")


def _draw_covariance(axes, figures: dict) -> None:
    """Normalised error squared over noise, in grey half to twice its dimension; rotation error with outliers."""
    for missing in sorted({row["missing"] for row in figures["told"]}):
        rows = [row for row in figures["told"] if row["missing"] == missing]
        _line(axes[0], rows, "noise", lambda row: row["nees"], f"C{missing}o-", f"{missing} missing")
    axes[0].axhspan(3, 12, color="0.9")
    axes[0].set(xlabel="noise, px (told)", ylabel="error², in variances; 6 is right", yscale="log", xticks=(1, 2, 4))
    axes[0].set_yticks((3, 6, 12, 24, 48), labels=("3", "6", "12", "24", "48"))
    axes[0].minorticks_off()
    for i, (table, label) in enumerate((("outliers", "default"), ("told_outliers", "noise told"))):
        _line(axes[1], figures[table], "outliers", lambda row: row["rot_deg_p50"], f"C{i}o-", f"{label}, p50")
        _line(axes[1], figures[table], "outliers", lambda row: row["rot_deg_p95"], f"C{i}o--", f"{label}, p95")
    axes[1].set(xlabel="outliers of 10 to 40 px", ylabel="rotation error, °", ylim=(0, None), xticks=(0, 1, 2))


def _line(ax, rows: list[dict], x: str, y: Callable[[dict], float | None], style: str, label: str | None) -> None:
    points = [(row[x], y(row)) for row in rows if y(row) is not None]
    if points:
        ax.plot(*zip(*points, strict=True), style, label=label, ms=4)


def _percent(part: float | None) -> float | None:
    return None if part is None else 100 * part
