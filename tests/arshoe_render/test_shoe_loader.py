"""Changing the shoe while pictures are made."""

import shutil
import time

import numpy as np
import pytest

from arshoe_core.errors import BadInputError
from arshoe_render import TryOnConfig, TryOnRenderer
from arshoe_render.shoe import bundled_shoes
from arshoe_render.shoe_loader import ShoeLoader, check_shoe, ready_shoe


@pytest.fixture
def loader():
    loader = ShoeLoader()
    yield loader
    loader.close()


def taken(loader, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ready = loader.take()
        if ready is not None:
            return ready
        time.sleep(0.005)
    raise TimeoutError


def test_a_changed_shoe_looks_as_one_from_the_start(stage):
    scene = stage.scene(70, 20, 0.7)
    arguments = scene.image, scene.mask, scene.camera, [scene.pose]
    renderer = TryOnRenderer(TryOnConfig(shoe="sneaker"))
    first = renderer.render(*arguments)
    renderer.set_shoe(ready_shoe("derby", "oxblood"))
    renderer.reset()
    changed = renderer.render(*arguments)
    fresh = TryOnRenderer(TryOnConfig(shoe="derby", variant="oxblood"))
    np.testing.assert_array_equal(changed, fresh.render(*arguments))
    assert np.abs(changed.astype(int) - first).mean() > 1
    renderer.set_occlusion("none")
    renderer.reset()
    none = renderer.render(*arguments)
    assert (none != changed).any(2).sum() > 100, "the leg hides nothing any more"
    for made in (renderer, fresh):
        made.release()


def test_loaded_in_the_background_and_kept(loader):
    assert loader.take() is None
    loader.request("sandal", "black")
    ready = taken(loader)
    assert ready.shoe.name == "sandal" and ready.shoe.meshes[0].material.name == "black"
    assert loader.take() is None, "once"
    loader.request("sandal", "black")
    assert taken(loader) is ready, "from memory"


def test_the_newest_request_wins(loader):
    for name in ("boot", "hightop", "slipper"):
        loader.request(name)
    assert taken(loader).shoe.name == "slipper"
    time.sleep(0.05)
    assert loader.take() is None


def test_bad_names_are_refused_at_once_and_harm_nothing(loader, tmp_path):
    loader.request("loafer")
    with pytest.raises(BadInputError, match="'clog'; allowed: ballerina"):
        loader.request("clog")
    with pytest.raises(BadInputError, match="'plaid'; allowed: oxblood, black, cognac"):
        loader.request("loafer", "plaid")
    with pytest.raises(BadInputError, match="no file"):
        check_shoe(str(tmp_path / "missing.glb"))
    (tmp_path / "text.glb").write_text("hello")
    with pytest.raises(BadInputError, match="no GLB"):
        check_shoe(str(tmp_path / "text.glb"))
    assert taken(loader).shoe.name == "loafer"


def test_a_file_damaged_inside_is_an_error_once(loader, tmp_path):
    data = bytearray(bundled_shoes()["sandal"].read_bytes())
    jpeg = data.find(b"\xff\xd8\xff")
    data[jpeg : jpeg + 400] = bytes(400)
    (tmp_path / "torn.glb").write_bytes(data)
    loader.request(str(tmp_path / "torn.glb"))
    with pytest.raises(BadInputError, match="can't be read"):
        taken(loader)
    assert loader.take() is None


def test_a_file_written_anew_is_loaded_anew(loader, tmp_path):
    path = tmp_path / "mine.glb"
    for name in ("sandal", "slipper"):
        shutil.copy(bundled_shoes()[name], path)
        loader.request(str(path))
        triangles = len(taken(loader).shoe.meshes[0].faces)
    assert triangles == len(ready_shoe("slipper").shoe.meshes[0].faces)
