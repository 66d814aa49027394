"""Measure the bundled network and write the tables of the README, the model card and docs/training.md.

Run it as `./arshoe python docs/make_accuracy_tables.py --test DIR --heels DIR --real DIR`: what `dataset --split test`
wrote (seeds 11 and 12, docs/data.md), and the folder of the pictures of data/real_dev_labels.json. It takes about five
minutes and 6 GB of memory. With `--model FILE` it prints the line of docs/training_runs.md and writes nothing.
"""

import argparse
import hashlib
import re
from pathlib import Path

import numpy as np

from arshoe_core.camera import Camera
from arshoe_learning.coco_dataset import LabelledImage, MaskFolder, read_annotations
from arshoe_learning.evaluate import ALL_SIZES, PAPER, evaluate
from arshoe_learning.failures import FootResult, table
from arshoe_perception import FootEstimator, FootEstimatorConfig
from arshoe_perception.foot_estimator import FootEstimate
from arshoe_perception.network_runner import NetworkConfig

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "src/arshoe_perception/models/README.md", ROOT / "docs/training.md"]
SOURCES = {
    "street photographs of the kind that the labels to train with are of": ["ccp"],
    "all others": ["sequences", "stills"],
    "of these: white sneakers, juggling": ["juggle"],
    "of these: runner from the side": ["treadmill"],
    "of these: bare feet, balancing": ["barefoot"],
    "of these: stills": ["stills"],
}
FIRST = 1500
"""Pictures of the test set that earlier weights were compared on."""


class Remembering:
    """An estimator that runs once for each picture, however many rows it is in."""

    def __init__(self, estimator: FootEstimator) -> None:
        self._estimator, self._known = estimator, {}

    def __call__(self, picture: np.ndarray, camera: Camera) -> FootEstimate:
        key = hashlib.sha1(picture.tobytes()).digest()
        if key not in self._known:
            self._known[key] = self._estimator(picture, camera)
        return self._known[key]


class Measurement:
    """The sets of pictures, the network, and the tables made of them.

    Args:
        model: ONNX file, "" for the bundled one.
    """

    def __init__(self, test: Path, heels: Path, real: Path, model: str) -> None:
        self.test = read_annotations(test / "annotations.json")
        self.heels = read_annotations(heels / "annotations.json")
        self.real = read_annotations(ROOT / "data/real_dev_labels.json", real)
        self.photographs = MaskFolder(real / "ccp", train=False).pictures()
        one, network = FootEstimatorConfig(NetworkConfig(model=model)), NetworkConfig(model=model, mirror=True)
        configs = {
            "one look (default)": one,
            "mirrored too": FootEstimatorConfig(network),
            "a second look": FootEstimatorConfig(one.network, second_look=True),
            "both: `--thorough`": one.thorough(),
        }
        self.looks = {name: Remembering(FootEstimator(config)) for name, config in configs.items()}
        self.one, self.thorough = self.looks["one look (default)"], self.looks["both: `--thorough`"]

    def card(self) -> list[str]:
        """Rows of the model card."""
        lines = [
            "| set | feet found | false feet / picture | mAP (OKS) | AP50 | AP75 | PCK@0.1 | PCK@0.2 | side | rotation "
            "| translation | IoU leg / foot |",
            "|---|" + 11 * "---|",
        ]
        for name, images, sizes in (
            ("rendered test (seed 11), {pictures}, {feet}", self.test, ALL_SIZES),
            ("its feet of 50 to 220 px, {feet}", self.test, (50, 220)),
            ("its feet of 120 px and more, {feet}", self.test, (120, np.inf)),
            ("its feet of 25 to 50 px, {feet}", self.test, (25, 50)),
            ("rendered test with high heels (seed 12), {pictures}, {feet}", self.heels, ALL_SIZES),
        ):
            lines.append(_card_row(name, evaluate(images, self.one, sizes), sizes))
        masks = evaluate(self.photographs, self.one)
        lines.append(f"| clothing-co-parsing, {masks['images']} held-out photographs {10 * '| '}| {_iou(masks)} |")
        real = evaluate(self.real, self.one)
        lines.append(_card_row("real pictures labelled by hand, {feet} in {pictures}", real))
        lines.append(_card_row("the same with `--thorough`", evaluate(self.real, self.thorough)))
        for name, only in (
            ("held-out photographs of clothing-co-parsing, {feet}", ["ccp"]),
            ("all others, {feet}", ["sequences", "stills"]),
        ):
            lines.append(_card_row(f"of these (one look): {name}", evaluate(_only(self.real, only), self.one)))
        return lines

    def summary(self) -> list[str]:
        """Rows of the README, but for the demo bag's."""
        lines = [
            "| set | feet found | false feet per picture | mAP (OKS) | PCK@0.2 | side right | IoU leg / foot |",
            "|---|" + 6 * "---|",
        ]
        others = _only(self.real, ["sequences", "stills"])
        for name, images, estimator, sizes in (
            ("rendered test, {pictures}, {feet}", self.test, self.one, ALL_SIZES),
            ("of these, feet of 50 to 220 px at 256 (`--sizes 50 220`), {feet}", self.test, self.one, (50, 220)),
            ("street photographs, held out, {pictures} (`--real-masks DIR`)", self.photographs, self.one, ALL_SIZES),
            ("real pictures labelled by hand, {feet} in {pictures} (development data)", self.real, self.one, ALL_SIZES),
            ("the same, looked at thoroughly (`--thorough`: four runs of the network, for single pictures)", self.real,
             self.thorough, ALL_SIZES),
            ("of these, other sources than the photographs that train, {feet} (`--only sequences stills`)", others,
             self.one, ALL_SIZES),
        ):  # fmt: skip
            r = evaluate(images, estimator, sizes)
            false = _number(r["false_feet_per_image"], 2) if sizes == ALL_SIZES else ""
            feet = [_number(r[key], 2) for key in ("mAP", "pck_0.2", "side_accuracy")] if r["feet"] else 3 * [""]
            cells = [_named(name, r), _number(r["feet_found"], 2), false if r["feet"] else "", *feet]
            cells.append(_iou(r, 2) if sizes == ALL_SIZES else "")
            lines.append(_row(cells))
        return lines

    def sources(self) -> list[str]:
        """The real pictures by where they come from."""
        lines = ["| real pictures | feet | found | false | PCK@0.2 | side | turned |", "|---|" + 6 * "---|"]
        for name, only in SOURCES.items():
            r, failures = self._failures(_only(self.real, only))
            cells = [_number(r[key], 2) for key in ("feet_found", "false_feet_per_image", "pck_0.2", "side_accuracy")]
            lines.append(_row([name, str(r["feet"]), *cells, str(failures[-1]["turned"])]))
        return lines

    def more_looks(self) -> list[str]:
        """What the parts of `--thorough` give."""
        lines = [
            "| | rendered, 1,500: mAP | found | false | PCK@0.2 | side | real: mAP | found | false | PCK@0.2 | side "
            "| photographs: IoU |",
            "|---|" + 11 * "---|",
        ]
        for name, estimator in self.looks.items():
            cells = [name]
            for images in (self.test[:FIRST], self.real):
                r = evaluate(images, estimator)
                cells += [_number(r[key], 3) for key in ("mAP", "feet_found", "false_feet_per_image")]
                cells += [_number(r[key], 2) for key in ("pck_0.2", "side_accuracy")]
            lines.append(_row([*cells, _iou(evaluate(self.photographs, estimator))]))
        return lines

    def failures(self) -> list[str]:
        """Which feet of the test set fail, and how."""
        _, rows = self._failures(self.test)
        _, real = self._failures(self.real)
        rows.append(real[-1] | {"feet": "all real ones (data/real_dev_labels.json)"})
        lines = [_row(list(rows[0])), "|---|" + (len(rows[0]) - 1) * "---|"]
        return lines + [_row([f"{v:,}" if isinstance(v, int) else v for v in row.values()]) for row in rows]

    def paper(self) -> list[str]:
        """The paper's tables 3 and 4, its pose errors, and ours."""
        keys = ("mAP", "AP50", "AP75", "AP90", "mIoU", "seg_AP")
        r, large = (evaluate(self.test, self.one, sizes) for sizes in ((50, 220), (120, np.inf)))
        pose = f"{_pose(r, 'rot_deg_median')}°, {r['trans_cm_median']:.1f} cm (medians); of 120 px and more "
        pose += f"{_pose(large, 'rot_deg_median')}°, {large['trans_cm_median']:.1f} cm"
        return [
            "| | mAP | AP50 | AP75 | AP90 | mIoU | AP (segmentation) | pose |",
            "|---|" + 7 * "---|",
            _row(["paper", *(f"{PAPER[key]:.3f}" for key in keys), "6.6°, 0.38 cm"]),
            _row(["here, int8", *(f"{r[key]:.3f}" for key in keys), pose]),
        ]

    def run(self) -> str:
        """The line of docs/training_runs.md."""
        r, (real, failures) = evaluate(self.test[:FIRST], self.one), self._failures(self.real)
        three = ("mAP", "feet_found", "false_feet_per_image")
        cells = [*(_number(r[key], 3) for key in three), _number(r["side_accuracy"], 2), _iou(r)]
        cells += [*(_number(real[key], 3) for key in three), _number(real["pck_0.2"], 2)]
        cells += [_number(real["side_accuracy"], 2), str(failures[-1]["turned"])]
        return _row(["weights", *cells, _iou(evaluate(self.photographs, self.one))])

    def _failures(self, images: list[LabelledImage]) -> tuple[dict, list[dict]]:
        feet: list[FootResult] = []
        return evaluate(images, self.one, results=feet), table(feet)


def _only(images: list[LabelledImage], texts: list[str]) -> list[LabelledImage]:
    return [image for image in images if any(text in image.file.as_posix() for text in texts)]


def _row(cells: list[str]) -> str:
    return re.sub(r" +\|", " |", f"| {' | '.join(cells)} |")


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _iou(r: dict, digits: int = 3) -> str:
    return "" if r["iou_leg"] is None else f"{r['iou_leg']:.{digits}f} / {r['iou_foot']:.{digits}f}"


def _pose(r: dict, key: str) -> str:
    return f"{r[key]:.0f}" if r[key] >= 9.95 else f"{r[key]:.1f}"


def _named(name: str, r: dict) -> str:
    return name.format(pictures=f"{r['images']:,} pictures", feet=f"{r['feet']:,} feet")


def _card_row(name: str, r: dict, sizes: tuple[float, float] = ALL_SIZES) -> str:
    cells = [_named(name, r), _number(r["feet_found"], 3)]
    cells.append(_number(r["false_feet_per_image"], 3) if sizes == ALL_SIZES else "")
    cells += [_number(r[key], 3) for key in ("mAP", "AP50", "AP75", "pck_0.1", "pck_0.2")]
    cells.append(_number(r["side_accuracy"], 2))
    cells.append(f"{_pose(r, 'rot_deg_median')}° ({_pose(r, 'rot_deg')}°)")
    cells.append(f"{_pose(r, 'trans_cm_median')} ({_pose(r, 'trans_cm')}) cm")
    cells.append(_iou(r) if sizes == ALL_SIZES else "")
    return _row(cells)


def fill(page: str, name: str, lines: list[str]) -> str:
    """The page with the text between `<!-- accuracy NAME -->` and `<!-- end -->` replaced, if it is there."""
    marks = rf"(<!-- accuracy {name} -->\n).*?(\n<!-- end -->)"
    return re.sub(marks, lambda match: match[1] + "\n".join(lines) + match[2], page, flags=re.DOTALL)


def main() -> None:
    """Write the pages, or print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--heels", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--model", default="")
    args = parser.parse_args()
    measurement = Measurement(args.test, args.heels, args.real, args.model)
    if args.model:
        print(measurement.run())
        return
    for name in ("summary", "card", "sources", "more_looks", "failures", "paper"):
        lines = getattr(measurement, name)()
        for page in PAGES:
            page.write_text(fill(page.read_text(), name, lines))
        print("\n".join(lines), end="\n\n", flush=True)
    print(measurement.run())


if __name__ == "__main__":
    main()
