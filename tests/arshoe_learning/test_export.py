"""Exported models say what the network says."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

import cv2  # noqa: E402

from arshoe_learning.export import average, main  # noqa: E402
from arshoe_perception.network import FootNetwork, fuse_batch_norm  # noqa: E402
from arshoe_perception.preprocessing import preprocess  # noqa: E402
from arshoe_perception.runtimes import make_runtime  # noqa: E402


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A network with lively batch norms and final layers, exported with int8; the folder and the network."""
    folder = tmp_path_factory.mktemp("export")
    torch.manual_seed(0)
    network = FootNetwork().eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
            module.running_mean.uniform_(-0.1, 0.1)
    for decoder in network.decoders.values():
        torch.nn.init.normal_(decoder[-1].weight, std=0.1)
    torch.save({"ema": network.state_dict()}, folder / "best.pt")
    rng = np.random.default_rng(0)
    (folder / "pictures").mkdir()
    for i in range(4):
        small = rng.integers(0, 256, (12, 16, 3), np.uint8)
        cv2.imwrite(str(folder / "pictures" / f"{i}.png"), cv2.resize(small, (320, 240)))
    weights, pictures = str(folder / "best.pt"), str(folder / "pictures")
    assert main(["--weights", weights, "--out", str(folder), "--calibrate", pictures]) == 0
    return folder, network


@pytest.mark.parametrize("name, tolerance", [("arshoe.onnx", 0.01), ("arshoe_int8.onnx", 0.2)])
def test_onnx_agrees_with_torch(exported, name, tolerance):
    folder, network = exported
    image, _ = preprocess(cv2.imread(str(folder / "pictures" / "0.png")))
    with torch.no_grad():
        expected = [maps[0].numpy() for maps in network(torch.from_numpy(image))]
    for a, b in zip(make_runtime("onnx", folder / name)(image), expected, strict=True):
        assert np.abs(a - b).max() <= tolerance * np.abs(b).max()


def test_torch_runtime_reads_the_same_file(exported):
    folder, network = exported
    image = np.random.default_rng(1).uniform(-1, 1, (1, 3, 256, 256)).astype(np.float32)
    with torch.no_grad():
        expected = [maps[0].numpy() for maps in network(torch.from_numpy(image))]
    for a, b in zip(make_runtime("torch", folder / "arshoe.onnx")(image), expected, strict=True):
        assert np.abs(a - b).max() <= 0.01 * np.abs(b).max()


def test_the_fp32_file_can_be_quantised_again(exported, tmp_path):
    folder, _ = exported
    arguments = ["--weights", str(folder / "arshoe.onnx"), "--out", str(tmp_path)]
    assert main([*arguments, "--calibrate", str(folder / "pictures")]) == 0
    image, _ = preprocess(cv2.imread(str(folder / "pictures" / "0.png")))
    again, before = (make_runtime("onnx", f / "arshoe_int8.onnx")(image) for f in (tmp_path, folder))
    for a, b in zip(again, before, strict=True):
        assert np.abs(a - b).max() <= 0.1 * np.abs(b).max()


def test_several_weights_give_their_mean():
    networks = [FootNetwork().eval() for _ in range(3)]
    expected = sum(fuse_batch_norm(copy.deepcopy(n)).high[0].branch[0][0].weight for n in networks) / 3
    torch.testing.assert_close(average(networks).high[0].branch[0][0].weight, expected)


def test_weights_that_are_none_are_bad_input(tmp_path, capsys):
    (tmp_path / "w.pt").write_bytes(b"no weights")
    assert main(["--weights", str(tmp_path / "w.pt"), "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
