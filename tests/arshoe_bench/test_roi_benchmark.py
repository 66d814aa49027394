"""`bench roi`: feet made smaller are the same feet, and the table has all rows."""

import json

import numpy as np
import pytest

from arshoe_bench.bench_command import main
from arshoe_bench.roi_benchmark import CASES, Errors, Moment
from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.types import FootPose

CAMERA = Camera(64, 48, 60.0, 60.0, 31.5, 23.5)
FOOT = FootPose(Side.LEFT, se3.from_rt(np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]]), np.array([0.1, 0, 1.0])))


def test_feet_farther_away_stay_where_the_camera_says():
    image = np.zeros((48, 64, 3), np.uint8)
    image[20:28, 30:42] = 255
    moment = Moment(image, CAMERA, 0.0, []).farther(2)
    assert moment.image.shape == image.shape
    corner_ray = np.array([(42 - 0.5 - CAMERA.cx) / CAMERA.fx, (28 - 0.5 - CAMERA.cy) / CAMERA.fy, 1.0])
    rows, columns = np.nonzero(moment.image[..., 0] > 127)
    np.testing.assert_allclose([columns.max() + 0.5, rows.max() + 0.5], moment.camera.project(corner_ray), atol=1e-6)


def test_a_moved_picture_has_a_moved_camera():
    image = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
    moment = Moment(image, CAMERA, 0.0, [FOOT]).moved(5)
    assert (moment.image[:, 5:] == image[:, :-5]).all()
    np.testing.assert_allclose(moment.camera.project(FOOT.keypoints()) - CAMERA.project(FOOT.keypoints()), [[5, 0]] * 8)


def test_errors_of_a_right_and_a_missed_foot():
    errors = Errors()
    errors.add([FOOT], [FOOT], CAMERA)
    errors.add([], [FOOT], CAMERA)
    summary = errors.summary()
    assert (summary["found"], summary["pck_0.1"], summary["rot_deg"]) == (0.5, 0.5, pytest.approx(0, abs=1e-5))


def test_the_table_has_every_size_and_speed(tmp_path, capsys):
    assert main(["roi", "--frames", "4", "--json", str(tmp_path / "figures.json")]) == 0
    rows = json.loads((tmp_path / "figures.json").read_text())["rows"]
    assert len(rows) == 2 * len(CASES)
    assert all(row["runs_per_frame"] == 1 for row in rows if row["roi"] == "full")
    smallest = [row for row in rows if (row["smaller"], row["faster"], row["swing"]) == (2, 1, 0)]
    assert [row["found"] for row in smallest] == [1, 1]
    assert "| 2 ×" in capsys.readouterr().out
