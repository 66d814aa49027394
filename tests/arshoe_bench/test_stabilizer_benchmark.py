"""`bench stabilizer`: measures against signals of known lag and jitter, clips against their truth."""

import json
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from arshoe_bench.bench_command import main
from arshoe_bench.stabilization import clips as clips_module
from arshoe_bench.stabilization import measures
from arshoe_bench.stabilization.clips import KINDS, clips
from arshoe_bench.stabilization.motion import FEET, MIDDLE, Person, rotation, still
from arshoe_bench.stabilization.noise import KeypointNoise, NoisyFoot, measured_poses
from arshoe_bench.stabilization.noise_fit import _structure
from arshoe_bench.stabilization.scene import CAMERA, CELL_PX, Scene
from arshoe_bench.stabilization.trial import RAW, know, measure
from arshoe_bench.stabilization.tuning import Trial, front, tune, tuned_fields
from arshoe_core import foot
from arshoe_core.foot import Side
from arshoe_core.se3 import transform_points
from arshoe_render.gl_renderer import GlRenderer
from arshoe_render.mesh import Material, Mesh
from arshoe_stabilizer import StabilizerConfig

QUIET = KeypointNoise(
    deviation=(0.0,) * 8,
    trembling=0.0,
    bias=0.0,
    outliers=0.0,
    score_deviation=0.0,
    missing=0.0,
    missed=0.0,
    ghosts=0.0,
)


@pytest.fixture(scope="module")
def renderer():
    renderer = GlRenderer(CAMERA.width, CAMERA.height)
    yield renderer
    renderer.release()


@pytest.fixture
def short(monkeypatch):
    """Clips of 0.15 s."""
    monkeypatch.setattr(
        clips_module, "KINDS", {name: replace(kind, duration=0.15) for name, kind in clips_module.KINDS.items()}
    )


def wave(times: np.ndarray) -> np.ndarray:
    return np.column_stack([100 * np.sin(3 * times), 40 * np.cos(5 * times)])


@pytest.mark.parametrize("late_ms", [-15.0, 0.0, 7.3, 23.0, 80.0])
def test_lag_of_a_late_track(late_ms):
    rng = np.random.default_rng(0)
    stamps = np.arange(90) / 30 + rng.uniform(-0.005, 0.005, 90)
    dense = np.arange(-0.5, 3.5, 1 / 240)
    track = wave(stamps - late_ms / 1000) + rng.normal(0, 0.3, (90, 2)) + np.linspace(0, 5, 90)[:, None]
    track[40:50] = np.nan
    assert measures.lag(stamps, track, dense, wave(dense)) == pytest.approx(late_ms, abs=2.0)


def test_lag_without_motion_is_unknown():
    stamps, dense = np.arange(30) / 30, np.arange(-0.5, 1.5, 1 / 240)
    assert np.isnan(measures.lag(stamps, np.ones((30, 2)), dense, np.ones((len(dense), 2))))


def test_jitter_of_white_noise_at_rest():
    rng = np.random.default_rng(1)
    errors = rng.normal(0, 0.5, (2000, 2, 8, 2)) + 7  # a constant error is no jitter
    resting = np.ones((2000, 2), bool)
    errors[500:600], resting[500:600] = 1000 * rng.random((100, 2, 8, 2)), False
    # The second difference has 6 times the variance; x and y add up.
    assert measures.jitter(errors, resting) == pytest.approx(0.5 * np.sqrt(12), rel=0.02)
    assert np.isnan(measures.jitter(errors, np.zeros_like(resting)))


def test_overshoot_is_the_excess_after_the_stop():
    true_x = np.interp(np.arange(60), [0, 20, 30, 60], [0, 0, 100, 100])
    error = np.zeros((60, 2))
    error[30:36, 0] = [8, 6, 4, 2, 1, 0]
    error += 3.0  # a constant error is no overshoot
    resting = (np.arange(60) < 20) | (np.arange(60) >= 30)
    assert measures.overshoot(error, np.column_stack([true_x, np.zeros(60)]), resting, 6) == pytest.approx(8)


def test_switches_count_changes_and_leave_out_gaps():
    ids = np.array([[1, 2], [1, 2], [0, 2], [1, 3], [4, 3], [4, 3]])
    assert measures.switches(ids) == 2


def test_following_does_not_depend_on_the_order_and_counts_ghosts():
    truth = still(Person.sample(np.random.default_rng(0)), 0.0).poses()
    left, right = (replace(pose, track_id=i + 5) for i, pose in enumerate(truth))
    away = replace(right, T_camera_foot=right.T_camera_foot.copy(), track_id=9)
    away.T_camera_foot[0, 3] += 0.5
    wrong = replace(left, side=Side.RIGHT)
    tracks = measures.follow([truth, truth], [[away, right, left], [wrong]], CAMERA)
    assert tracks.ids.tolist() == [[5, 6], [5, 0]]
    assert tracks.ghosts.tolist() == [1, 0]
    assert tracks.wrong_side.tolist() == [[False, False], [True, False]]
    assert tracks.rotation_deg[0] == pytest.approx(0, abs=1e-5)


def marker(points: np.ndarray) -> Mesh:
    """Red tetrahedra of 5 mm around the points (N, 3)."""
    corners = 0.005 * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1.0]])
    vertices = (points[:, None] + corners).reshape(-1, 3).astype(np.float32)
    faces = np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]])
    faces = (faces[None] + 4 * np.arange(len(points))[:, None, None]).reshape(-1, 3).astype(np.int32)
    normals = np.tile(np.float32([0, 0, 1]), (len(vertices), 1))
    return Mesh(vertices, faces, normals, material=Material((1, 0, 0, 1), double_sided=True))


@pytest.mark.parametrize("keypoint", [0, 1, 4])
def test_a_keypoint_is_drawn_where_the_truth_projects_it(renderer, keypoint):
    scene = Scene(renderer, np.random.default_rng(0), plain=True)
    scene._parts = [renderer.upload(marker(foot.keypoints(Side.LEFT)[keypoint : keypoint + 1]))]
    scene._leg.release()
    scene._leg = scene._parts[0]
    moment = still(Person.sample(np.random.default_rng(3)), 0.0)
    image, _ = scene.draw(moment, np.random.default_rng(0))
    red = image[..., 2].astype(int) - image[..., 1] > 60
    middle = CAMERA.project(transform_points(moment.T_camera_world, moment.T_world_foot[:, :3, 3].mean(0)))[0]
    for pose in moment.poses():
        expected = CAMERA.project(pose.keypoints()[keypoint])
        v, u = np.nonzero(red & ((np.arange(CAMERA.width) < middle) == (expected[0] < middle)))
        assert np.linalg.norm([u.mean(), v.mean()] - expected) < 1.0
    scene.release()


def test_the_floor_lies_where_the_feet_stand(renderer):
    scene = Scene(renderer, np.random.default_rng(0), plain=True)
    scene._floor[:] = 0
    scene._floor[253:260, 98:105] = 255  # around texel (101, 256): x 0.197 m, y 0.5 m
    T = still(Person.sample(np.random.default_rng(3)), 0.0).T_camera_world
    v, u = np.nonzero(scene._floor_seen(T)[..., 0] > 128)
    expected = CAMERA.project(transform_points(T, np.array([101 / 512, 0.5, 0.0])))
    nearest = np.linalg.norm(np.column_stack([u, v]) - expected, axis=1)
    assert nearest.min() < 1.0
    blob = np.column_stack([u, v])[nearest < 12]
    assert np.linalg.norm(blob.mean(0) - expected) < 1.0
    scene.release()


def test_clips_repeat_exactly_and_differ_by_seed(short, tmp_path):
    def pictures(seed: int, folder: str) -> np.ndarray:
        (clip,) = clips(["kick"], seed, tmp_path / folder)
        return np.stack([image for image, _ in clip.frames()])

    first = pictures(7, "a")
    assert np.array_equal(first, pictures(7, "b"))
    assert not np.array_equal(first, pictures(8, "a"))


def test_a_clip_knows_rest_motion_hidden_feet_and_cuts(tmp_path):
    def known(name: str):
        clip = clips_module._plan(name, 7, tmp_path)
        return clip, know(clip)

    clip, truth = known("kick")
    assert truth.resting[clip.times < 0.6].all() and truth.resting[:, 0].all()
    kicking = np.abs(clip.times - 1.0) < 0.08
    assert truth.moving[kicking, 1].all() and not truth.resting[kicking, 1].any()
    clip, truth = known("occlusion")
    assert np.diff(np.flatnonzero(np.diff(truth.hidden[:, 1].astype(int))))[::2].tolist() == [10, 20]
    assert len(known("cut")[1].segments) == len(known("reset")[1].segments) == 2
    clip, _ = known("dropped")
    assert 0.6 < len(clip.stamps) / (clip.kind.duration * 30) < 0.95 and (np.diff(clip.stamps) > 0).all()


@pytest.mark.parametrize("name", KINDS)
def test_feet_stay_above_the_floor_and_in_the_picture(name, tmp_path):
    clip = clips_module._plan(name, 7, tmp_path)
    for time in clip.times[::4]:
        moment = clip.motion(time)
        for side, T, pose in zip(FEET, moment.T_world_foot, moment.poses(), strict=True):
            assert transform_points(T, foot.keypoints(side))[:, 2].min() > -0.01
            assert np.isfinite(CAMERA.project(pose.keypoints())).all()
        points = np.concatenate([CAMERA.project(pose.keypoints()) for pose in moment.poses()])
        inside = ((points >= 0) & (points < (CAMERA.width, CAMERA.height))).all(1)
        assert inside.mean() > 0.6


def test_rotation_lifts_the_toe_and_turns_left():
    assert (rotation(pitch=0.3) @ [1, 0, 0])[2] > 0.2
    assert (rotation(yaw=0.3) @ [1, 0, 0])[1] > 0.2
    assert rotation(0.3, 0.2, 0.1) @ rotation(0.3, 0.2, 0.1).T == pytest.approx(np.eye(3))


def test_without_noise_the_measured_poses_are_the_truth():
    truth = [still(Person.sample(np.random.default_rng(seed)), 0.0).poses() for seed in range(5)]
    measured = measured_poses(truth, np.zeros((5, 2), bool), CAMERA, CELL_PX, QUIET, np.random.default_rng(0))
    tracks = measures.follow(truth, measured, CAMERA)
    assert not tracks.wrong_side.any() and tracks.rotation_deg.max() < 0.1 and tracks.translation_cm.max() < 0.1


def test_hidden_feet_are_not_measured():
    truth = [still(Person.sample(np.random.default_rng(1)), 0.0).poses()] * 3
    hidden = np.array([[False, False], [True, False], [True, True]])
    measured = measured_poses(truth, hidden, CAMERA, CELL_PX, QUIET, np.random.default_rng(0))
    assert [len(poses) for poses in measured] == [2, 1, 0]


def test_noise_has_the_deviation_and_hardly_changes_at_rest():
    noise = replace(QUIET, deviation=(0.4,) * 8, trembling=0.05, length=3.0)
    truth = CAMERA.project(still(Person.sample(np.random.default_rng(1)), 0.0).poses()[0].keypoints())
    feet = [NoisyFoot(noise, np.random.default_rng(seed)) for seed in range(150)]

    def errors(shift: float) -> np.ndarray:
        moved = truth + shift * CELL_PX
        return np.stack([(f(moved, CAMERA, CELL_PX).points - moved) / CELL_PX for f in feet])

    here = errors(0.0)
    assert here.std() == pytest.approx(np.hypot(0.4, 0.05), rel=0.1)
    assert (errors(0.0) - here).std() == pytest.approx(0.05 * np.sqrt(2), rel=0.1)
    far = errors(1.5)  # 2.1 cells along the diagonal
    assert np.mean(far * here) / 0.4**2 == pytest.approx(np.exp(-1.5 * np.sqrt(2) / 3.0), abs=0.12)


def test_fitting_finds_the_noise_that_was_drawn():
    noise = replace(QUIET, deviation=(0.4,) * 8, trembling=0.06, length=3.0, shared=0.0)
    rng = np.random.default_rng(0)
    path = np.cumsum(rng.normal(0, 0.4, (400, 2, 1, 2)), axis=0)
    place = path + 30 + 10 * rng.random((1, 2, 8, 2))
    feet = [NoisyFoot(noise, np.random.default_rng(seed)) for seed in (1, 2)]
    big = replace(CAMERA, width=100_000, height=100_000)
    measured = [[feet[i](at[i] * CELL_PX + 5000, big, CELL_PX).points for i in (0, 1)] for at in place]
    error = (np.array(measured) - 5000) / CELL_PX - place
    trembling, length, _ = _structure(error - error.mean(0), place)
    assert trembling == pytest.approx(0.06, abs=0.03)
    assert 1.0 < length < 9.0


def test_tuning_finds_the_optimum_of_a_known_trade_off():
    def evaluate(configs: dict) -> dict:
        def figures(acceleration: float) -> dict:
            return {"jitter_px": 0.1 * acceleration**0.5, "lag_ms": 60 / acceleration, "moving_px": 1.0}

        found = {name: figures(config.kalman_acceleration) for name, config in configs.items()}
        return {RAW: {"jitter_px": 2.0, "lag_ms": 0.0, "moving_px": 2.0}, **found}

    # Jitter is a quarter of the measured poses' at 25, lag 10 ms at 6: the objective's best lies between, at 10.9.
    trials = tune("kalman", 24, evaluate)
    assert trials[0].config.kalman_acceleration == pytest.approx(9.7, rel=0.3)
    assert trials[0].objective < 0.75
    kept = front(trials)
    assert all(a.figures["lag_ms"] > b.figures["lag_ms"] for a, b in pairwise(kept))
    assert len(kept) == len({trial.config for trial in trials})


def test_a_methods_parameters_are_its_own():
    assert tuned_fields("arshoe") == ["arshoe_alpha", "arshoe_beta"]
    assert tuned_fields("none") == []


def test_measures_of_perfect_poses(tmp_path):
    clip = clips_module._plan("kick", 7, tmp_path)
    poses = [[replace(pose, track_id=i + 1) for i, pose in enumerate(feet)] for feet in clip.truth]
    figures = measure(clip, know(clip), poses)
    assert figures["lag_ms"] == pytest.approx(0, abs=1)
    assert figures["jitter_px"] == pytest.approx(0, abs=1e-6)
    assert figures["moving_px"] == figures["switches"] == figures["lost"] == figures["ghosts"] == 0


def test_the_command_writes_figures_of_every_method(short, tmp_path, capsys):
    arguments = ["stabilizer", "--clip", "still", "--clips", str(tmp_path), "--json", str(tmp_path / "figures.json")]
    assert main([*arguments, "--methods", "none", "kalman", "--set", "kalman_acceleration=3"]) == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert set(figures["summary"]) == set(figures["clips"]["still"]) == {RAW, "none", "kalman"}
    assert figures["summary"]["kalman"]["lag_ms"] is None  # nothing moves
    assert "| kalman |" in capsys.readouterr().out


def test_pictures_without_truth(tmp_path, capsys):
    for i in range(4):
        picture = np.random.default_rng(i).integers(0, 255, (240, 320, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{i}.png"), picture)
    assert main(["stabilizer", "--real", str(tmp_path), "--methods", "none", "arshoe"]) == 0
    assert "| arshoe |" in capsys.readouterr().out


def test_pictures_with_labels(tmp_path, capsys):
    folder, point = tmp_path / "b" / "frames", [100, 100, 2]
    for name in ("a", "b"):
        (tmp_path / name / "frames").mkdir(parents=True)
        cv2.imwrite(str(tmp_path / name / "frames" / "0.png"), np.zeros((240, 320, 3), np.uint8))
    foot = {"keypoints": 8 * point, "bbox": [90, 90, 20, 20], "area": 400, "side": "left", "covering": "shoe"}
    pictures = [{"id": i, "file_name": f"{'ab'[i]}/frames/0.png", "width": 320, "height": 240} for i in (0, 1)]
    content = {"images": pictures, "annotations": [{**foot, "id": 1, "image_id": 1}]}  # a has none
    (tmp_path / "labels.json").write_text(json.dumps(content))
    command = ["stabilizer", "--real", str(folder), "--methods", "none", "--labels", str(tmp_path / "labels.json")]
    assert main([*command, "--json", str(tmp_path / "figures.json")]) == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures[RAW] == {"found": 0.0, "pck_0.2": 0.0, "side": 0.0, "false": 0.0}
    assert figures["none"]["found"] == 0.0 and "| pck_0.2 |" in capsys.readouterr().out
    (folder / "0.png").rename(folder / "1.png")
    assert main(command) == 2 and "names no picture" in capsys.readouterr().err


def test_plots_are_small_pictures(tmp_path):
    plots = pytest.importorskip("arshoe_bench.stabilization.plots", exc_type=ImportError)
    clip = clips_module._plan("occlusion", 7, tmp_path)
    tracks = measures.follow(clip.truth, clip.truth, CAMERA)
    plots.plot_clip(tmp_path / "clip.png", clip.times, know(clip), {RAW: tracks, "kalman": tracks})
    trials = [
        Trial(StabilizerConfig(method="kalman", kalman_acceleration=a), {"jitter_px": a, "lag_ms": 10 / a}, 1.0)
        for a in (0.3, 1.0, 3.0)
    ]
    plots.plot_pareto(tmp_path / "pareto.png", {"kalman": trials})
    for name in ("clip.png", "pareto.png"):
        assert cv2.imread(str(tmp_path / name)).std() > 5
        assert (tmp_path / name).stat().st_size < 100_000


@pytest.mark.parametrize(
    "arguments", [["--methods", "best"], ["--clip", "dance"], ["--set", "speed=1"], ["--set", "max_feet=two"],
                  ["--real", "no/such/folder"], ["--measure-noise", "no.mcap"], ["--tune", "best"]],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_code_2(arguments, capsys):
    assert main(["stabilizer", *arguments]) == 2
    assert capsys.readouterr().err.startswith("bench: ")


def test_the_middle_is_that_of_the_standard_foot():
    points = foot.keypoints(Side.LEFT)
    assert MIDDLE[:2] == pytest.approx((points.min(0)[:2] + points.max(0)[:2]) / 2, abs=0.01)
