"""The runtimes agree with each other, and refuse what they can't run in one line."""

import sys

import numpy as np
import pytest

from arshoe_core.errors import BadInputError
from arshoe_core.resources import shared_file
from arshoe_perception.network_runner import NetworkConfig, NetworkRunner
from arshoe_perception.runtimes import make_runtime


@pytest.mark.parametrize(("backend", "name"), [("onnx", "arshoe-"), ("onnx_int8", "arshoe_int8-")])
def test_bundled_models_give_the_maps_of_the_contract(backend, name):
    output = NetworkRunner(NetworkConfig(backend=backend))(np.full((480, 640, 3), 127, np.uint8))
    maps = (output.heatmaps, output.pafs, output.segmentation)
    assert [m.shape for m in maps] == [(8, 64, 64), (14, 64, 64), (2, 64, 64)]
    assert all(m.dtype == np.float32 and np.isfinite(m).all() for m in maps)
    assert (output.image_width, output.image_height) == (640, 480) and output.model_id.startswith(name)


@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_other_libraries_agree_with_onnx_runtime(backend):
    pytest.importorskip(backend)
    model = shared_file("arshoe_perception", "models/arshoe.onnx")
    image = np.random.default_rng(0).uniform(-1, 1, (1, 3, 256, 256)).astype(np.float32)
    tolerance = 1e-3 if backend == "torch" else 0.1  # OpenVINO may compute in bf16
    for a, b in zip(make_runtime("onnx", model)(image), make_runtime(backend, model)(image), strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)


@pytest.mark.parametrize("backend", ["onnx", "torch", "openvino"])
def test_a_file_that_is_no_onnx_is_bad_input(tmp_path, backend):
    if backend != "onnx":
        pytest.importorskip(backend)
    model = tmp_path / "m.onnx"
    model.write_bytes(b"no model")
    with pytest.raises(BadInputError, match=r"^model is .*m\.onnx[^\n]*$"):
        make_runtime(backend, model)


def test_a_model_with_other_outputs_is_bad_input(tmp_path):
    onnx = pytest.importorskip("onnx")
    info = onnx.helper.make_tensor_value_info
    shape = [1, 3, 256, 256]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["image"], ["maps"])],
        "other",
        [info("image", 1, shape)],
        [info("maps", 1, shape)],
    )
    opset = [onnx.helper.make_opsetid("", 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), str(tmp_path / "m.onnx"))
    with pytest.raises(BadInputError, match="outputs maps; allowed: one input"):
        NetworkRunner(NetworkConfig(model=str(tmp_path / "m.onnx")))


@pytest.mark.parametrize(
    "config, message",
    [
        ({"model": "/nowhere/m.onnx"}, "model is '/nowhere/m.onnx'"),
        ({"backend": "abacus"}, "backend is 'abacus'"),
        ({"device": "cuda:0"}, "device is 'cuda:0'"),
        ({"threads": 0}, "threads is 0"),
    ],
)
def test_bad_settings_are_named(config, message):
    with pytest.raises(BadInputError, match=message):
        NetworkRunner(NetworkConfig(**config))


def test_a_cuda_device_that_is_not_there_is_bad_input():
    pytest.importorskip("torch")
    with pytest.raises(BadInputError, match="device is 'cuda:99'"):
        NetworkRunner(NetworkConfig(backend="torch", device="cuda:99"))


def test_a_missing_library_is_bad_input(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.delitem(sys.modules, "arshoe_perception.runtimes.openvino_runtime", raising=False)
    with pytest.raises(BadInputError, match="pip install openvino"):
        NetworkRunner(NetworkConfig(backend="openvino"))
