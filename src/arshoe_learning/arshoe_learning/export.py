"""`export`: trained weights to ONNX, fp32 (stored in fp16) and, given pictures to calibrate on, int8."""

import argparse
import logging
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_core.files import replacing, write_file
from arshoe_learning.pictures import pictures_in, read_picture
from arshoe_learning.wide_decoder import with_wide_decoders
from arshoe_perception.network import INPUT_NAME, OUTPUT_CHANNELS, FootNetwork, fuse_batch_norm
from arshoe_perception.preprocessing import INPUT_SIZE, preprocess
from arshoe_perception.runtimes.torch_runtime import load_fused_network

log = logging.getLogger(__name__)

OPSET = 18
FP16_MIN_ELEMENTS = 256
CALIBRATION_PERCENTILE = 99.999
"""Of the values seen. The percentile 99.99 cuts off so much that the maps' error grows by half."""
FLOAT_WEIGHTS = "low."
"""Convolutions with weights of these names stay in fp32. Most values of the large first maps are tiny beside the
largest: in int8 they made two thirds of the error, and took longer, since quantising the first map costs more."""
OUTPUT_RANGES = {"heatmaps": (-0.3, 1.2), "pafs": (-1.3, 1.3), "segmentation": (-0.3, 1.3)}
"""Of the maps, where nearly all values are 0 and percentiles would cut off the peaks."""


def load_network(weights: Path) -> FootNetwork:
    """The network in eval mode with the averaged weights of a training checkpoint, or those of an fp32 ONNX file.

    Raises:
        BadInputError: if the file is missing or holds no weights of this network.
    """
    if weights.suffix == ".onnx":
        return load_fused_network(weights)
    network = FootNetwork()
    try:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True)["ema"])
    except Exception as error:  # torch raises many kinds for a file that is not its own
        kind = "checkpoint that train wrote with pixel shuffles"
        raise BadInputError(f"weights is {str(weights)!r}: not a {kind}") from error
    return network.eval()


def average(networks: list[FootNetwork]) -> FootNetwork:
    """The network whose weights are the means of the networks', batch norms folded away.

    Runs that start from the same weights end near enough to each other that the mean is better than either
    (model soups, Wortsman et al. 2022).
    """
    states = [fuse_batch_norm(network).state_dict() for network in networks]
    means = {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
    networks[0].load_state_dict(means)
    return networks[0]


def export_onnx(network: FootNetwork, path: Path) -> None:
    """Write the network (eval mode; its batch norms are folded in place) as ONNX, batch 1 at 256x256.

    Weights are stored as fp16 and cast when loaded, which halves the file; it still computes in fp32. Initialisers keep
    the names of the fused network's parameters, so that the torch runtime reads the same file.
    """
    model = _to_onnx(fuse_batch_norm(network))
    _store_fp16(model.graph)
    onnx.checker.check_model(model)
    write_file(path, model.SerializeToString())


def export_int8(network: FootNetwork, path: Path, images: list[Path]) -> None:
    """Write the network (eval mode; its batch norms are folded in place) as int8 (QDQ, static, per channel).

    Activations get the ranges seen on pictures, and the decoders the layout of `wide_decoder`.
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Pictures(CalibrationDataReader):
        def __init__(self) -> None:
            self._inputs = ({INPUT_NAME: preprocess(read_picture(p, name="calibration picture"))[0]} for p in images)

        def get_next(self) -> dict | None:
            return next(self._inputs, None)

    plain = path.with_suffix(".fp32.tmp")
    model = _to_onnx(with_wide_decoders(fuse_batch_norm(network)))
    onnx.save(model, str(plain))
    floats = [n.name for n in model.graph.node if any(name.startswith(FLOAT_WEIGHTS) for name in n.input)]
    ranges = {
        tensor: [{"rmin": np.float32(low), "rmax": np.float32(high)}]
        for name, (low, high) in OUTPUT_RANGES.items()
        for tensor in _same_values(model.graph, name)
    }
    with replacing(path) as partial:
        quantize_static(
            str(plain), str(partial), Pictures(), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, nodes_to_exclude=floats,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": CALIBRATION_PERCENTILE, "TensorQuantOverrides": ranges},
        )  # fmt: skip
    plain.unlink()


def _to_onnx(network: torch.nn.Module) -> onnx.ModelProto:
    image = torch.zeros(1, 3, INPUT_SIZE, INPUT_SIZE)
    program = torch.onnx.export(
        network, (image,), input_names=[INPUT_NAME], output_names=list(OUTPUT_CHANNELS),
        opset_version=OPSET, dynamo=True, external_data=False, verbose=False,
    )  # fmt: skip
    model = program.model_proto
    del model.metadata_props[:], model.graph.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return model


def _same_values(graph: onnx.GraphProto, tensor: str) -> list[str]:
    """The tensor and those that it is merely a part or another arrangement of."""
    makers = {output: node for node in graph.node for output in node.output}
    names = [tensor]
    while makers[names[-1]].op_type in ("Reshape", "Transpose", "Slice"):
        names.append(makers[names[-1]].input[0])
    return names


def _store_fp16(graph: onnx.GraphProto) -> None:
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= FP16_MIN_ELEMENTS:
            name, wide = tensor.name, f"{tensor.name}_fp32"
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name))
            for node in graph.node:
                node.input[:] = [wide if i == name else i for i in node.input]
            casts.append(helper.make_node("Cast", [name], [wide], name=f"cast_{name}", to=TensorProto.FLOAT))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)


def main(argv: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="export", description=__doc__)
    parser.add_argument(
        "--weights", type=Path, nargs="+", required=True,
        help="checkpoint of train, or an arshoe.onnx; of several the mean",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, help="folder for arshoe.onnx and arshoe_int8.onnx")
    parser.add_argument("--calibrate", type=Path, help="folder of pictures; without it no int8 model is made")
    parser.add_argument("--calibrate-count", type=int, default=200, help="pictures used, evenly spaced")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns of torchvision, which nothing here needs
    try:
        network = average([load_network(weights) for weights in args.weights])
        args.out.mkdir(parents=True, exist_ok=True)
        export_onnx(network, args.out / "arshoe.onnx")
        log.info("wrote %s", args.out / "arshoe.onnx")
        if args.calibrate:
            pictures = pictures_in(args.calibrate, "calibrate")
            step = max(1, len(pictures) // args.calibrate_count)
            pictures = pictures[::step][: args.calibrate_count]
            export_int8(network, args.out / "arshoe_int8.onnx", pictures)
            log.info("wrote %s, calibrated on %d pictures", args.out / "arshoe_int8.onnx", len(pictures))
    except BadInputError as error:
        print(f"export: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
