"""`bench occlusion`: its scenes and its figures."""

import json
from itertools import islice

import numpy as np

from arshoe_bench.bench_command import main
from arshoe_bench.occlusion_benchmark import coarse_mask
from arshoe_bench.occlusion_scenes import OcclusionStage


def test_scenes_follow_from_the_seed_and_hide_part_of_the_shoes():
    first, again, other = (list(islice(OcclusionStage(seed).scenes(), 3)) for seed in (5, 5, 6))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.hidden, b.hidden)
        np.testing.assert_array_equal(a.mask, b.mask)
    assert any((a.hidden != b.hidden).any() for a, b in zip(first, other, strict=True) if a.mask.shape == b.mask.shape)
    for scene in first:
        assert 0.02 < scene.hidden.sum() / scene.shoes.sum() < 1
        assert not (scene.hidden & ~scene.shoes).any()
        # Nobody hides a shoe where nobody is, up to the edge pixels of the two renderings.
        assert (scene.hidden & (scene.mask == 0)).sum() < 0.02 * scene.hidden.sum()


def test_a_coarse_mask_keeps_large_regions_and_loses_thin_ones():
    mask = np.zeros((480, 640), np.uint8)
    mask[100:300, 100:300], mask[300:400, 100:300], mask[100:300, 500:503] = 1, 2, 1
    coarse = coarse_mask(mask)
    assert (coarse[110:290, 110:290] == 1).all() and (coarse[310:390, 110:290] == 2).all()
    assert not coarse[:, 400:].any()
    assert (coarse != mask).mean() < 0.02


def test_the_occlusion_subject_writes_figures_and_sheets(tmp_path, capsys):
    arguments = ["occlusion", "--views", "4", "--seed", "9", "--out", str(tmp_path), "--json", str(tmp_path / "f.json")]
    assert main(arguments) == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    assert set(figures["methods"]) == {f"{m}, {k} mask" for m in ("silhouette", "mesh") for k in ("exact", "coarse")}
    for row in figures["methods"].values():
        assert 0.6 < row["iou_mean"] <= 1
    assert len(list(tmp_path.glob("*.jpg"))) == 4
    assert "| silhouette, exact mask |" in capsys.readouterr().out


def test_bad_input_is_one_line(capsys):
    assert main(["occlusion", "--views", "0"]) == 2
    assert capsys.readouterr().err.startswith("bench: views is 0")
