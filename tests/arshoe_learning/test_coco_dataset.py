"""Reading the data format, and the cache of letterboxed samples."""

import json

import numpy as np
import pytest

from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_learning.coco_dataset import MaskFolder, SampleCache, read_annotations, read_mask


def test_annotations_are_read(tmp_path, make_dataset):
    images = read_annotations(make_dataset(tmp_path, 3))
    assert len(images) == 3 and images[0].file.exists() and images[0].mask.exists()
    assert images[0].camera.fx == 120 and images[0].feet[0].side in (Side.LEFT, Side.RIGHT)
    assert np.isfinite(images[0].feet[0].keypoints).all() and images[0].feet[0].R is None


def test_unlabelled_points_are_nan_and_poses_are_read(tmp_path, make_dataset):
    file = make_dataset(tmp_path, 1)
    content = json.loads(file.read_text())
    content["annotations"][0]["keypoints"][2] = 0
    content["annotations"][0]["pose"] = {"R": np.eye(3).ravel().tolist(), "t": [0, 0, 1], "foot_length": 0.24}
    file.write_text(json.dumps(content))
    foot = read_annotations(file)[0].feet[0]
    assert np.isnan(foot.keypoints[0]).all() and np.isfinite(foot.keypoints[1:]).all()
    assert foot.R.shape == (3, 3) and foot.t.tolist() == [0, 0, 1] and foot.foot_length == 0.24


def test_samples_are_letterboxed_with_their_labels(tmp_path, make_dataset):
    make_dataset(tmp_path, 2)
    sample = SampleCache([tmp_path])[1]
    assert sample.image.shape == (256, 256, 3) and sample.mask.shape == (256, 256)
    x, y = np.round(sample.keypoints[0].mean(0)).astype(int)
    assert sample.mask[y, x] == 2 and sample.image[y, x].min() > 150
    assert (sample.mask[:30] == 0).all()


def test_pictures_of_a_view_are_repeated(tmp_path, make_dataset):
    file = make_dataset(tmp_path, 3)
    content = json.loads(file.read_text())
    for image, view in zip(content["images"], ("front", "side", "wearer"), strict=True):
        image["view"] = view
    file.write_text(json.dumps(content))
    samples = SampleCache([tmp_path], {"side": 3, "wearer": 1})
    assert len(samples) == 5
    assert all((samples[i].image == samples[1].image).all() for i in (1, 2, 3))
    assert (samples[4].image != samples[1].image).any()


def test_a_growing_folder_is_taken_in(tmp_path, make_dataset):
    make_dataset(tmp_path, 2, name="shard_000.json")
    samples = SampleCache([tmp_path])
    make_dataset(tmp_path, 3, seed=1, name="shard_001.json")
    samples.scan()
    assert len(samples) == 5 and len(SampleCache([tmp_path])) == 5


def test_a_mask_has_the_size_of_its_picture(tmp_path, make_dataset):
    make_dataset(tmp_path, 1)
    (mask,) = (tmp_path / "masks").iterdir()
    assert read_mask(mask, tmp_path / "picture.png", (120, 160)).max() == 2
    with pytest.raises(BadInputError, match=r"not a grey picture of the size of picture\.png"):
        read_mask(mask, tmp_path / "picture.png", (160, 120))
    with pytest.raises(BadInputError, match=r"mask is .*none\.png': missing or not a picture"):
        read_mask(tmp_path / "none.png", tmp_path / "picture.png", (120, 160))


def test_bad_folders_and_files_are_named(tmp_path, make_dataset):
    with pytest.raises(BadInputError, match="no such file"):
        read_annotations(tmp_path / "none.json")
    (tmp_path / "broken.json").write_text('{"images": [')
    with pytest.raises(BadInputError, match="not COCO"):
        read_annotations(tmp_path / "broken.json")
    with pytest.raises(BadInputError, match="neither annotations"):
        SampleCache([tmp_path])
    with pytest.raises(BadInputError, match="no pairs"):
        MaskFolder(tmp_path)
    file = make_dataset(tmp_path, 1)
    next((tmp_path / "images").iterdir()).write_bytes(b"no picture")
    with pytest.raises(BadInputError, match="not a picture"):
        SampleCache([file.parent])


def test_some_real_masks_have_keypoints(tmp_path, make_dataset):
    labels = make_dataset(tmp_path, 3)
    (tmp_path / "images").rename(tmp_path / "img")
    (tmp_path / "masks").rename(tmp_path / "mask")
    content = json.loads(labels.read_text())
    content["images"] = content["images"][1:2]
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] == content["images"][0]["id"]]
    labels.write_text(json.dumps(content))
    real = MaskFolder(tmp_path, labels=labels)
    assert len(real) == 2 and real[0].keypoints is None
    x, y = np.round(real[1].keypoints[0].mean(0)).astype(int)
    assert real[1].mask[y, x] == 2
    before, after = real[1], real.decode()[1]
    assert (before.image == after.image).all() and (before.mask == after.mask).all()
    assert after.keypoints is before.keypoints and after.mask is real[1].mask  # kept, not read again
    with pytest.raises(BadInputError, match="none of the pictures that train"):
        MaskFolder(tmp_path, train=False, labels=labels)
