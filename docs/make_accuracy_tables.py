"""Measure the bundled network and write the tables of the README, the model card and docs/training.md.

Run it as `./arshoe python docs/make_accuracy_tables.py --test DIR --heels DIR --real DIR --unseen DIR`: what
`dataset --split test` wrote (seeds 11 and 12, docs/data.md), and the folders of the pictures of
data/real_dev_labels.json and data/real_test_labels.json. It takes about five minutes and 6 GB of memory. With
`--model FILE` it prints the line of docs/training_runs.md and writes nothing.
"""

import argparse
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from arshoe_core.camera import Camera
from arshoe_learning.coco_dataset import MaskFolder, read_annotations
from arshoe_learning.evaluate import ALL_SIZES, PAPER, evaluate
from arshoe_learning.failures import FootResult, table
from arshoe_perception import FootEstimator, FootEstimatorConfig
from arshoe_perception.foot_estimator import FootEstimate
from arshoe_perception.network_runner import NetworkConfig

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "src/arshoe_perception/models/README.md", ROOT / "docs/training.md"]
SOURCES = {
    "ccp": "street photographs of the kind that the labels to train with are of",
    "others": "all others",
    "juggle": "of these: white sneakers, juggling",
    "treadmill": "of these: runner from the side",
    "barefoot": "of these: bare feet, balancing",
    "stills": "of these: stills",
}
FIRST = 1500
"""Pictures of the test set that earlier weights were compared on."""
ONE, THOROUGH = "one look (default)", "both: `--thorough`"


class Remembering:
    """An estimator that runs once for each picture, however many sets and sizes of feet it is in."""

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

    def __init__(self, test: Path, heels: Path, real: Path, unseen: Path, model: str) -> None:
        labelled = read_annotations(ROOT / "data/real_dev_labels.json", real)
        self.sets = {
            "test": read_annotations(test / "annotations.json"),
            "heels": read_annotations(heels / "annotations.json"),
            "photographs": MaskFolder(real / "ccp", train=False).pictures(),
            "real": labelled,
            "unseen": read_annotations(ROOT / "data/real_test_labels.json", unseen),
            **{source: [image for image in labelled if source in image.file.as_posix()] for source in SOURCES},
            "others": [image for image in labelled if "ccp" not in image.file.as_posix()],
        }
        self.sets["first"] = self.sets["test"][:FIRST]
        one = FootEstimatorConfig(NetworkConfig(model=model))
        configs = {
            ONE: one,
            "mirrored too": replace(one, network=replace(one.network, mirror=True)),
            "a second look": replace(one, second_look=True),
            THOROUGH: one.thorough(),
        }
        self.looks = {name: Remembering(FootEstimator(config)) for name, config in configs.items()}
        self.of = cache(self._evaluate)

    def _evaluate(self, pictures: str, look: str = ONE, sizes: tuple[float, float] = ALL_SIZES) -> dict:
        """What `evaluate` says of a set, and its table of failures; None where a part of the feet, or pictures without
        labelled ones, can't tell.
        """
        feet: list[FootResult] = []
        r = evaluate(self.sets[pictures], self.looks[look], sizes, feet)
        r["failures"] = table(feet)
        if sizes != ALL_SIZES:
            r |= {"false_feet_per_image": None, "iou_leg": None}
        return r if feet else r | {"false_feet_per_image": None}

    def card(self) -> list[str]:
        """Rows of the model card."""
        r = self.of("photographs")
        return [
            "| set | feet found | false feet / picture | mAP (OKS) | AP50 | AP75 | PCK@0.1 | PCK@0.2 | side | rotation "
            "| translation | IoU leg / foot |",
            "|---|" + 11 * "---|",
            _card_row("rendered test (seed 11), {pictures}, {feet}", self.of("test")),
            _card_row("its feet of 50 to 220 px, {feet}", self.of("test", sizes=(50, 220))),
            _card_row("its feet of 120 px and more, {feet}", self.of("test", sizes=(120, np.inf))),
            _card_row("its feet of 25 to 50 px, {feet}", self.of("test", sizes=(25, 50))),
            _card_row("rendered test with high heels (seed 12), {pictures}, {feet}", self.of("heels")),
            f"| clothing-co-parsing, {r['images']} held-out photographs {10 * '| '}| {_iou(r)} |",
            _card_row("real pictures labelled by hand, {feet} in {pictures}", self.of("real")),
            _card_row("the same with `--thorough`", self.of("real", THOROUGH)),
            _card_row("of these (one look): held-out photographs of clothing-co-parsing, {feet}", self.of("ccp")),
            _card_row("of these (one look): all others, {feet}", self.of("others")),
            _card_row("real pictures that nothing was chosen by, {feet} in {pictures}", self.of("unseen")),
            _card_row("the same with `--thorough`", self.of("unseen", THOROUGH)),
        ]

    def summary(self) -> list[str]:
        """Rows of the README."""
        lines = [
            "| set | feet found | false feet per picture | mAP (OKS) | PCK@0.2 | side right | IoU leg / foot |",
            "|---|" + 6 * "---|",
        ]
        for name, r in (
            ("rendered test, {pictures}, {feet}", self.of("test")),
            ("of these, feet of 50 to 220 px at 256 (`--sizes 50 220`), {feet}", self.of("test", sizes=(50, 220))),
            ("street photographs, held out, {pictures} (`--real-masks DIR`)", self.of("photographs")),
            ("real pictures labelled by hand, {feet} in {pictures} (development data)", self.of("real")),
            ("the same, looked at thoroughly (`--thorough`: four runs of the network, for single pictures)",
             self.of("real", THOROUGH)),
            ("of these, other sources than the photographs that train, {feet} (`--only sequences stills`)",
             self.of("others")),
            ("real pictures that nothing was chosen by, {feet} in {pictures}", self.of("unseen")),
            ("the same, looked at thoroughly", self.of("unseen", THOROUGH)),
        ):  # fmt: skip
            keys = ("feet_found", "false_feet_per_image", "mAP", "pck_0.2", "side_accuracy")
            lines.append(_row([_named(name, r), *_numbers(r, keys, 2), _iou(r, 2)]))
        return lines

    def sources(self) -> list[str]:
        """The real pictures by where they come from."""
        lines = ["| real pictures | feet | found | false | PCK@0.2 | side | turned |", "|---|" + 6 * "---|"]
        for source, name in {**SOURCES, "unseen": "pictures that nothing was chosen by"}.items():
            r = self.of(source)
            cells = _numbers(r, ("feet_found", "false_feet_per_image", "pck_0.2", "side_accuracy"), 2)
            lines.append(_row([name, str(r["feet"]), *cells, str(r["failures"][-1]["turned"])]))
        return lines

    def more_looks(self) -> list[str]:
        """What the parts of `--thorough` give."""
        lines = [
            "| | rendered, 1,500: mAP | found | false | PCK@0.2 | side | real: mAP | found | false | PCK@0.2 | side "
            "| photographs: IoU |",
            "|---|" + 11 * "---|",
        ]
        for look in self.looks:
            cells = [look]
            for r in (self.of("first", look), self.of("real", look)):
                cells += _numbers(r, ("mAP", "feet_found", "false_feet_per_image"), 3)
                cells += _numbers(r, ("pck_0.2", "side_accuracy"), 2)
            lines.append(_row([*cells, _iou(self.of("photographs", look))]))
        return lines

    def failures(self) -> list[str]:
        """Which feet of the test set fail, and how."""
        real = self.of("real")["failures"][-1] | {"feet": "all real ones (data/real_dev_labels.json)"}
        rows = [*self.of("test")["failures"], real]
        lines = [_row(list(real)), "|---|" + (len(real) - 1) * "---|"]
        return lines + [_row([f"{v:,}" if isinstance(v, int) else v for v in row.values()]) for row in rows]

    def paper(self) -> list[str]:
        """The paper's tables 3 and 4, its pose errors, and ours."""
        keys = ("mAP", "AP50", "AP75", "AP90", "mIoU", "seg_AP")
        r, large = self.of("test", sizes=(50, 220)), self.of("test", sizes=(120, np.inf))
        pose = f"{_pose(r, 'rot_deg_median')}°, {r['trans_cm_median']:.1f} cm (medians); of 120 px and more "
        pose += f"{_pose(large, 'rot_deg_median')}°, {large['trans_cm_median']:.1f} cm"
        return [
            "| | mAP | AP50 | AP75 | AP90 | mIoU | AP (segmentation) | pose |",
            "|---|" + 7 * "---|",
            _row(["paper", *_numbers(PAPER, keys, 3), "6.6°, 0.38 cm"]),
            _row(["here, int8", *_numbers(r, keys, 3), pose]),
        ]

    def run(self) -> str:
        """The line of docs/training_runs.md."""
        r, real, three = self.of("first"), self.of("real"), ("mAP", "feet_found", "false_feet_per_image")
        cells = [*_numbers(r, three, 3), *_numbers(r, ("side_accuracy",), 2), _iou(r)]
        cells += [*_numbers(real, three, 3), *_numbers(real, ("pck_0.2", "side_accuracy"), 2)]
        return _row(["weights", *cells, str(real["failures"][-1]["turned"]), _iou(self.of("photographs"))])


def _row(cells: list[str]) -> str:
    return re.sub(r" +\|", " |", f"| {' | '.join(cells)} |")


def _numbers(r: dict, keys: Sequence[str], digits: int) -> list[str]:
    return ["" if r[key] is None else f"{r[key]:.{digits}f}" for key in keys]


def _iou(r: dict, digits: int = 3) -> str:
    return "" if r["iou_leg"] is None else f"{r['iou_leg']:.{digits}f} / {r['iou_foot']:.{digits}f}"


def _pose(r: dict, key: str) -> str:
    return f"{r[key]:.0f}" if r[key] >= 9.95 else f"{r[key]:.1f}"


def _named(name: str, r: dict) -> str:
    return name.format(pictures=f"{r['images']:,} pictures", feet=f"{r['feet']:,} feet")


def _card_row(name: str, r: dict) -> str:
    keys = ("feet_found", "false_feet_per_image", "mAP", "AP50", "AP75", "pck_0.1", "pck_0.2")
    cells = [_named(name, r), *_numbers(r, keys, 3), *_numbers(r, ("side_accuracy",), 2)]
    cells.append(f"{_pose(r, 'rot_deg_median')}° ({_pose(r, 'rot_deg')}°)")
    cells.append(f"{_pose(r, 'trans_cm_median')} ({_pose(r, 'trans_cm')}) cm")
    return _row([*cells, _iou(r)])


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
    parser.add_argument("--unseen", type=Path, required=True)
    parser.add_argument("--model", default="")
    args = parser.parse_args()
    measurement = Measurement(args.test, args.heels, args.real, args.unseen, args.model)
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
