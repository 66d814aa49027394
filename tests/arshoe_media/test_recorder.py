"""What a run leaves behind."""

import json

import numpy as np
import pytest

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.types import FootPose
from arshoe_media.latency import LatencyStatistics
from arshoe_media.pose_errors import match, rotation_error_deg, translation_error_cm
from arshoe_media.recorder import Recorder

CAMERA = Camera.from_fov(320, 240)
# The wearer's view: toes up and away, sole down.
R = np.array([[0, -1, 0], [-0.8, 0, -0.6], [0.6, 0, -0.8]])
MS = 1_000_000


def pose(x=0.0, z=0.6, side=Side.LEFT, length=0.26, turn_deg=0.0):
    c, s = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return FootPose(side, se3.from_rt(R @ turn, (x, 0.05, z)), length)


def record(recorder, frames=3):
    recorder.camera = CAMERA
    for i in range(frames):
        stamp = 33 * MS * (i + 1)
        start = 50 * MS * i
        recorder.latency.add(stamp, "source_node", start, start + 1 * MS)
        recorder.latency.add(stamp, "network_node", start, start + 10 * MS, ["infer"], [9000])
        recorder.latency.add(stamp, "render_node", start + 12 * MS, start + 20 * MS)
        recorder.add_ground_truth(stamp, [pose(), pose(x=0.2, side=Side.RIGHT)])
        recorder.add_poses(stamp, [pose(turn_deg=2)])
        recorder.add_picture(stamp, np.zeros((240, 320, 3), np.uint8))


def test_files(tmp_path):
    recorder = Recorder(tmp_path / "new" / "out")
    record(recorder)
    assert not (tmp_path / "new" / "out" / "summary.json").exists()
    recorder.close()
    folder = tmp_path / "new" / "out"
    assert sorted(path.name for path in folder.iterdir()) == ["poses.jsonl", "summary.json", "tryon.mp4"]
    summary = json.loads((folder / "summary.json").read_text())
    assert {k: summary[k] for k in ("frames_in", "frames_out", "dropped", "fps", "duration_s")} == {
        "frames_in": 3, "frames_out": 3, "dropped": 0, "fps": 20.0, "duration_s": 0.1,
    }  # fmt: skip
    assert summary["latency_ms"] == {"p50": 20.0, "p95": 20.0}
    assert summary["stages"]["network"] == {"p50": 10.0, "p95": 10.0}
    assert summary["stages"]["network/infer"] == {"p50": 9.0, "p95": 9.0}
    truth = summary["ground_truth"]
    assert (truth["feet"], truth["matched"]) == (6, 3)
    assert truth["rot_deg"] == pytest.approx(2.0, abs=0.01) and truth["trans_cm"] == pytest.approx(0, abs=1e-6)
    records = [json.loads(line) for line in (folder / "poses.jsonl").read_text().splitlines()]
    assert [(r["frame"], r["side"], r["status"]) for r in records] == [(i, "left", "measured") for i in range(3)]
    assert np.shape(records[0]["R"]) == (3, 3) and np.shape(records[0]["keypoints"]) == (8, 2)
    assert records[0]["stamp"] == 0.033


def test_without_a_folder_it_only_sums_up():
    recorder = Recorder(None)
    record(recorder)
    assert recorder.close()["frames_out"] == 3


def test_without_a_video_frames_rendered_count(tmp_path):
    recorder = Recorder(tmp_path, mp4=False)
    assert not recorder.wants_pictures
    record(recorder)
    summary = recorder.close()
    assert (summary["frames_out"], summary["started_ns"]) == (3, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["poses.jsonl", "summary.json"]


def test_an_empty_run(tmp_path):
    summary = Recorder(tmp_path).close()
    assert summary["latency_ms"] == {"p50": None, "p95": None}
    assert not (tmp_path / "tryon.mp4").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInputError, match="file"):
        Recorder(tmp_path / "file" / "out")


def test_without_a_source_latency_counts_from_the_network():
    latency = LatencyStatistics()
    for i in range(2):
        latency.add(i, "network_node", i * 50 * MS, (i * 50 + 10) * MS)
        latency.add(i, "render_node", (i * 50 + 20) * MS, (i * 50 + 30) * MS)
    assert latency.frames_in == 2
    assert latency.latency_ms() == {"p50": 30.0, "p95": 30.0}


def test_a_frame_that_is_not_rendered_has_no_latency():
    latency = LatencyStatistics()
    latency.add(1, "source_node", 0, 1)
    latency.add(2, "source_node", 50 * MS, 51 * MS)
    latency.add(2, "render_node", 60 * MS, 70 * MS)
    assert latency.frames_in == 2
    assert latency.latency_ms() == {"p50": 20.0, "p95": 20.0}


def test_poses_match_the_nearest_truth_within_half_a_foot():
    truths = [pose(), pose(x=0.2)]
    (a, b) = match([pose(x=0.19), pose(x=0.01)], truths, CAMERA)
    assert (a[0].T_camera_foot[0, 3], b[0].T_camera_foot[0, 3]) == (0.01, 0.19)
    assert match([pose(x=0.4)], truths[:1], CAMERA) == []


def test_errors_do_not_count_the_unknown_scale():
    # The same picture: a foot of another length at the distance in proportion.
    truth = pose(length=0.26)
    seen = FootPose(Side.LEFT, se3.from_rt(R, truth.T_camera_foot[:3, 3] * 0.28 / 0.26), 0.28)
    assert translation_error_cm(seen, truth) == pytest.approx(0, abs=1e-9)
    assert rotation_error_deg(seen, truth) == pytest.approx(0, abs=1e-5)
