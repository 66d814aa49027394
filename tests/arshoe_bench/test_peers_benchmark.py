"""`bench peers`: ARShoe's row without a peer, the peer's decoding on known boxes, errors that say what to do."""

import argparse
import json
import sys

import numpy as np
import pytest

from arshoe_bench import peers_benchmark
from arshoe_bench.peers_benchmark import (
    Crop,
    Objectron,
    ObjectronConfig,
    Shoe,
    box_axes,
    count_found,
    decode_boxes,
    iou,
    ssd_anchors,
    upright_angle,
)
from arshoe_core.errors import BadInputError

DETECTOR = "object_detection_ssd_mobilenetv2_oidv4_fp16.tflite"
CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
ANCHOR = 500


def options(*arguments: str) -> argparse.Namespace:
    """As `bench peers` reads them."""
    parser = argparse.ArgumentParser()
    peers_benchmark.add_arguments(parser)
    return parser.parse_args(list(arguments))


def package(folder, labels=b"???\nBoot\nFootwear\n"):
    """A folder that looks like the npm package, with no models in it."""
    files = [
        {"filename": "/labels/object_detection_oidv4_labelmap.txt", "start": 0, "end": len(labels)},
        {"filename": f"/models/{DETECTOR}", "start": len(labels), "end": len(labels) + 8},
    ]
    (folder / "objectron_solution_packed_assets.data").write_bytes(labels + b"detector")
    (folder / "objectron_solution_packed_assets_loader.js").write_text(f"load({json.dumps({'files': files})})")
    (folder / "object_detection_3d_sneakers.tflite").write_bytes(b"sneakers")
    return folder


class FakeModel:
    """Footwear at one anchor, and in every crop a box around the middle, as long as `presence` says so."""

    presence = 1.0
    ran: tuple[bytes, ...] = ()

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __call__(self, picture: np.ndarray) -> list[np.ndarray]:
        FakeModel.ran += (self._content,)
        if self._content == b"detector":
            assert picture.shape == (300, 300, 3) and picture.dtype == np.float32
            logits = np.full((1, 1917, 3), -5.0, np.float32)
            logits[0, ANCHOR, 2] = 3  # Footwear
            logits[0, ANCHOR + 300, 1] = 4  # a boot
            return [np.zeros((1, 1917, 4), np.float32), logits]
        assert picture.shape == (224, 224, 3) and picture.dtype == np.float32
        points = 112 + 40 * np.vstack([np.zeros(2), CORNERS[:, :2] * (1, -1)])
        return [np.array([[self.presence]]), points.reshape(1, 18)]


@pytest.fixture
def fake_models(monkeypatch):
    """The peer's models replaced by `FakeModel`."""
    monkeypatch.setattr(peers_benchmark, "TfliteModel", FakeModel)
    monkeypatch.setattr(FakeModel, "ran", ())
    return FakeModel


def test_without_a_peer_the_table_has_arshoe_and_how_to_get_one(capsys):
    figures = peers_benchmark.run(options("--frames", "3"))
    (row,) = json.loads(json.dumps(figures))["rows"]
    assert figures["frames"] == 3
    assert (row["any_found"], row["both_found"], row["more_per_frame"]) == (1, 1, 0)
    assert 0 < row["ms_p50"] <= row["ms_p95"]
    out = capsys.readouterr().out
    assert "| ARShoe: " in out and "Objectron, " not in out
    assert "npm pack @mediapipe/objectron" in out and "pip install --no-deps ai-edge-litert" in out


def test_with_a_peer_it_has_its_rows_and_limits(tmp_path, fake_models, capsys):
    figures = peers_benchmark.run(options("--frames", "2", "--objectron", str(package(tmp_path))))
    assert [row["name"][:9] for row in figures["rows"]] == ["ARShoe: n", "Objectron", "Objectron"]
    assert "without left and right" in capsys.readouterr().out


def test_a_folder_without_the_package_is_bad_input(tmp_path):
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(BadInputError, match=r"objectron is .*allowed: the folder of the unpacked npm package"):
            peers_benchmark.run(options("--frames", "1", "--objectron", str(folder)))


@pytest.mark.parametrize("name, content", [("_loader.js", b"load()"), (".data", b"short")])
def test_a_package_without_its_detector_is_bad_input(tmp_path, name, content):
    (package(tmp_path) / f"objectron_solution_packed_assets{name}").write_bytes(content)
    with pytest.raises(BadInputError, match=f"has no {DETECTOR} in its assets"):
        Objectron(tmp_path)


def test_a_package_without_the_label_is_bad_input(tmp_path):
    with pytest.raises(BadInputError, match="has no label 'Footwear'"):
        Objectron(package(tmp_path, labels=b"???\nBoot\n"))


def test_a_missing_runtime_is_bad_input_that_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(BadInputError, match=r"pip install --no-deps ai-edge-litert") as error:
        Objectron(package(tmp_path))
    assert "\n" not in str(error.value)


def test_no_frames_are_bad_input():
    with pytest.raises(BadInputError, match="frames is 0"):
        peers_benchmark.run(options("--frames", "0"))


def test_the_detector_rests_while_enough_shoes_are_followed(tmp_path, fake_models):
    objectron = Objectron(package(tmp_path), ObjectronConfig(objects=1))
    image = np.zeros((480, 640, 3), np.uint8)
    (first,) = objectron(image)
    x, y, width, height = ssd_anchors()[ANCHOR] * (640, 480, 640, 480)
    np.testing.assert_allclose(first.points[0], [x, y], atol=1e-6)
    np.testing.assert_allclose(np.ptp(first.points[:, 0]), 1.5 * max(width, height) * 80 / 224, rtol=1e-5)
    (second,) = objectron(image)
    np.testing.assert_allclose(second.points[0], [x, y], atol=1e-6)
    assert fake_models.ran == (b"detector", b"sneakers", b"sneakers")


def test_a_shoe_not_present_is_looked_for_anew(tmp_path, fake_models, monkeypatch):
    monkeypatch.setattr(FakeModel, "presence", 0.9)
    objectron = Objectron(package(tmp_path), ObjectronConfig(objects=1))
    image = np.zeros((480, 640, 3), np.uint8)
    assert (objectron(image), objectron(image)) == ([], [])
    assert fake_models.ran == (b"detector", b"sneakers") * 2


def test_without_following_every_frame_is_detected(tmp_path, fake_models):
    objectron = Objectron(package(tmp_path), ObjectronConfig(objects=1, follow=False))
    for _ in range(2):
        assert len(objectron(np.zeros((480, 640, 3), np.uint8))) == 1
    assert fake_models.ran == (b"detector", b"sneakers") * 2


def test_anchors_are_those_of_six_grids():
    anchors = ssd_anchors()
    assert anchors.shape == (19 * 19 * 3 + (10 * 10 + 5 * 5 + 3 * 3 + 2 * 2 + 1) * 6, 4) == (1917, 4)
    np.testing.assert_allclose(anchors[0], [0.5 / 19, 0.5 / 19, 0.1, 0.1])
    np.testing.assert_allclose(anchors[-1], [0.5, 0.5, np.sqrt(0.95), np.sqrt(0.95)])


def test_a_code_moves_and_scales_its_anchor():
    box = decode_boxes(np.array([[10.0, -5, 5 * np.log(2), 0]]), np.array([[0.5, 0.5, 0.2, 0.1]]))
    np.testing.assert_allclose(box, [[0.3, 0.5, 0.5, 0.7]])


def test_iou_of_known_boxes():
    box = np.array([0.0, 0, 2, 2])
    assert iou(box, box) == 1
    assert iou(box, np.array([1.0, 0, 3, 2])) == pytest.approx(1 / 3)
    assert iou(box, np.array([3.0, 3, 4, 4])) == 0


def test_a_crop_turned_clockwise_has_the_image_s_right_at_its_top():
    to_image = Crop(np.array([50.0, 60.0]), side=20, angle=np.pi / 2).to_image(224)
    np.testing.assert_allclose(to_image @ [112, 112, 1], [50, 60])
    np.testing.assert_allclose(to_image @ [112, 0, 1], [60, 60])


def rotation(pitch_deg: float, roll_deg: float = 0.0) -> np.ndarray:
    """About x (positive: the top comes to the viewer) and then about the viewing axis, counter-clockwise."""
    p, r = np.deg2rad([pitch_deg, roll_deg])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    return np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]) @ about_x


def seen(R: np.ndarray, size: float = 1.0) -> np.ndarray:
    """A shoe-like box's centre and corners (9, 2) in front of a camera of focal length 1, x right, y up."""
    points = np.vstack([np.zeros(3), CORNERS * (0.05, 0.06, 0.15) * size]) @ R.T + (0.02, -0.05, -0.8)
    return points[:, :2] / -points[:, 2:]


@pytest.mark.parametrize("pitch", [5.0, 30.0, 75.0])
@pytest.mark.parametrize("roll", [0.0, 50.0, -120.0])
def test_the_axes_of_a_box_of_any_size_are_found(pitch, roll):
    R = rotation(pitch, roll)
    np.testing.assert_allclose(box_axes(seen(R, 0.5)), R, atol=1e-5)


@pytest.mark.parametrize("pitch, upright", [(10.0, 1), (80.0, 2)])
def test_a_crop_is_turned_so_that_up_or_from_above_the_front_is_upright(pitch, upright):
    image = np.zeros((200, 200, 3), np.uint8)
    shoe = Shoe((seen(rotation(pitch, -35)) * (1, -1) + 1) * 100)
    to_image = Crop(shoe.points[0], 50, upright_angle(shoe, image)).to_image(224)
    turned = (shoe.points[1:] - to_image[:, 2]) @ np.linalg.inv(to_image[:, :2]).T
    axis = CORNERS[:, upright] @ turned
    assert axis[1] < 0
    assert axis[0] == pytest.approx(0, abs=1e-6)


def test_each_foot_is_found_once():
    feet = [np.array([[0.0, 0], [100, 0]]), np.array([[200.0, 0], [300, 0]])]
    assert count_found([np.array([60.0, 0]), np.array([50.0, 10])], feet) == 1
    assert count_found([np.array([60.0, 0]), np.array([220.0, 0])], feet) == 2
    assert count_found([np.array([50.0, 60])], feet) == 0
    assert count_found([], feet) == 0
