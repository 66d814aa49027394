"""The scenes and figures of `bench pose`."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from arshoe_bench import pose_plots
from arshoe_bench.bench_command import main
from arshoe_bench.pose_benchmark import row, summarise
from arshoe_bench.pose_scenes import CAMERA, MAX_OVERLAP, make_scene, observe
from arshoe_bench.pose_trials import TRIAL, nees, run_scenes
from arshoe_core import se3
from arshoe_core.foot import Side
from arshoe_core.types import FootPose


@pytest.mark.parametrize("count", [1, 2, 5])
def test_scenes_hold_what_they_promise(count):
    for seed in range(5):
        scene = make_scene(np.random.default_rng(seed), count)
        assert len(scene.feet) == len(scene.points) == count
        assert ((scene.points >= 0) & (scene.points < (CAMERA.width, CAMERA.height))).all()
        assert scene.overlap.max() <= MAX_OVERLAP
        for foot, points in zip(scene.feet, scene.points, strict=True):
            np.testing.assert_allclose(CAMERA.project(foot.keypoints()), points)
            R, t = foot.T_camera_foot[:3, :3], foot.T_camera_foot[:3, 3]
            assert R[:, 2] @ t < 0.5  # a sole is hardly ever seen
    assert make_scene(np.random.default_rng(0), 2, crossing=True).overlap.max() > 0


def test_observations_miss_keypoints_and_have_the_noise():
    rng = np.random.default_rng(1)
    scenes = [make_scene(rng, 2) for _ in range(30)]
    errors = np.concatenate([
        points - scene.points for scene in scenes for _, points in observe(scene, rng, (2.0,), 3)
    ])  # fmt: skip
    assert (np.isnan(errors[..., 0]).sum(1) == 3).all()
    assert 1.7 < np.nanstd(errors) < 2.3


def test_nees_is_the_error_in_standard_deviations():
    truth = FootPose(Side.LEFT, se3.from_rt(np.eye(3), np.array([0, 0, 1.0])))
    turn = cv2.Rodrigues(np.array([0, 0.2, 0]))[0]
    pose = replace(
        truth,
        T_camera_foot=se3.from_rt(turn, np.array([0.01, 0, 1.0])),
        covariance=np.diag([0.01**2, 1, 1, 1, 0.1**2, 1]),
    )
    assert nees(pose, truth) == pytest.approx(1 + 4)


def test_figures_and_plots_of_a_few_scenes(tmp_path):
    trials = np.concatenate([run_scenes(0, feet, 0, 1) for feet in (1, 2)])
    figures = summarise(trials)
    exact = figures["missing"][0]
    assert (exact["noise"], exact["missing"]) == (0, 0)
    assert exact["found"] == exact["side_right"] == exact["grouped"] == 1
    assert exact["rot_deg_p95"] < 0.1
    assert figures["missing"][-1]["rot_deg_p50"] > 1  # 4 px of noise
    pose_plots.write(tmp_path / "plots", figures)
    plots = sorted((tmp_path / "plots").iterdir())
    assert [plot.name for plot in plots] == ["pose_covariance.png", "pose_error.png", "pose_feet.png"]
    assert all(cv2.imread(str(plot)) is not None for plot in plots)


def test_a_row_of_no_trials_has_no_figures():
    assert row(np.zeros(0, TRIAL))["rot_deg_p50"] is None


@pytest.mark.parametrize("arguments", [["--count", "0"], ["--workers", "0"]])
def test_bad_input_is_one_line_and_exit_code_2(arguments, capsys):
    assert main(["pose", *arguments]) == 2
    assert capsys.readouterr().err.startswith("bench: ")
