"""The training loop on a handful of pictures: it learns, writes, resumes and refuses bad input."""

import csv
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402

from arshoe_core.errors import BadInputError  # noqa: E402
from arshoe_learning import export  # noqa: E402
from arshoe_learning import train as train_module  # noqa: E402
from arshoe_learning.export import export_onnx  # noqa: E402
from arshoe_learning.initial_weights import start_from, to_input  # noqa: E402
from arshoe_learning.train import (  # noqa: E402
    TrainConfig,
    between,
    gains,
    input_size,
    learning_rate,
    load_config,
    main,
)
from arshoe_learning.training_data import Epoch  # noqa: E402
from arshoe_learning.training_log import contact_sheet  # noqa: E402
from arshoe_learning.training_processes import TrainingProcesses  # noqa: E402
from arshoe_perception.network import ConvBlock, FootNetwork  # noqa: E402
from arshoe_perception.preprocessing import INPUT_SIZE  # noqa: E402

CONFIGS = Path(train_module.__file__).parent.parent / "configs"
TINY = """
samples: 32
max_minutes: 0
batch: 4
epoch: 16
sizes: [[0.0, 64]]
bf16: false
workers: 0
threads: 1
"""


@pytest.fixture
def run(tmp_path, make_dataset):
    make_dataset(tmp_path / "data", 6)
    (tmp_path / "tiny.yaml").write_text(TINY)
    arguments = ["--config", str(tmp_path / "tiny.yaml"), "--data", str(tmp_path / "data")]
    arguments += ["--val", str(tmp_path / "data"), "--out", str(tmp_path / "run")]
    return arguments, tmp_path / "run"


def test_a_run_writes_weights_and_a_log_and_resumes(run):
    arguments, out = run
    assert main(arguments) == 0
    rows = list(csv.DictReader((out / "log.csv").open()))
    assert int(rows[-1]["samples"]) == 32 and float(rows[-1]["val_pafs"]) > 0
    state = torch.load(out / "last.pt", weights_only=True)
    assert state["samples"] == 32 and (out / "best.pt").exists()
    assert main([*arguments, "--resume"]) == 0
    assert torch.load(out / "last.pt", weights_only=True)["samples"] == 32


def test_labels_of_real_pictures_need_the_pictures(run, tmp_path, capsys):
    assert main([*run[0], "--real-labels", str(tmp_path / "feet.json")]) == 2
    assert "needs --real-masks" in capsys.readouterr().err


def test_a_folder_that_can_not_be_made_is_bad_input(run, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([*run[0], "--out", str(tmp_path / "file")]) == 2
    assert "can't write" in capsys.readouterr().err


def test_tensorboard_gets_every_figure_and_pictures(run):
    arguments, out = run
    assert main(arguments) == 0
    events = EventAccumulator(str(out / "tensorboard"), {"images": 0}).Reload()
    (row,) = list(csv.DictReader((out / "log.csv").open()))[-1:]
    assert set(events.Tags()["scalars"]) == set(row)
    assert events.Scalars("val_pafs")[-1].value == pytest.approx(float(row["val_pafs"]), rel=1e-4)
    picture = events.Images("picture, target, network")[-1]
    assert (picture.width, picture.height) == (3 * INPUT_SIZE, 6 * INPUT_SIZE)


def test_the_contact_sheet_shows_maps_where_they_are():
    images = np.zeros((1, 64, 64, 3), np.uint8)
    heatmaps, segmentation = torch.zeros(1, 8, 16, 16), torch.zeros(1, 2, 16, 16)
    empty = heatmaps.clone(), segmentation.clone()
    heatmaps[0, 3, 2, 5] = 1
    segmentation[0, 1, 8, 9] = 1
    sheet = contact_sheet(images, (heatmaps, segmentation), empty)
    assert sheet.shape == (64, 192, 3)
    assert tuple(sheet[2 * 4, 64 + 5 * 4]) == (127, 127, 0) and tuple(sheet[8 * 4, 64 + 9 * 4]) == (127, 0, 0)
    assert not sheet[:, 128:].any()


def test_the_processes_share_an_epoch_without_overlap(run):
    config = TrainConfig(epoch=10, batch=4)
    samples = list(range(7))
    parts = [Epoch(samples, None, config, 64, 1.0, 1, (rank, 3)).order.tolist() for rank in range(3)]
    whole = Epoch(samples, None, config, 64, 1.0, 1).order.tolist()
    assert [part[i] for i in range(3) for part in parts] == whole[:9]


def test_two_processes_train_one_network(run):
    arguments, out = run
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1"]
    command = [*torchrun, "--master-port", str(port), "-m", "arshoe_learning.train", *arguments]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert torch.load(out / "last.pt", weights_only=True)["samples"] == 32
    assert len(list(csv.DictReader((out / "log.csv").open()))) == 1, "one process writes"


def test_a_process_of_several_ends_without_pythons_ending(monkeypatch):
    with pytest.raises(SystemExit) as alone:
        TrainingProcesses().exit(2)
    assert alone.value.code == 2
    monkeypatch.setenv("WORLD_SIZE", "2")
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    with pytest.raises(SystemExit):
        TrainingProcesses().exit(3)
    assert ended == [3]


@pytest.mark.parametrize("repeats", [{"above": 2}, {"side": 0}, {"side": 1.5}])
def test_views_that_can_not_be_repeated_are_bad_input(repeats):
    with pytest.raises(BadInputError, match=r"view_repeats is .*; allowed: whole numbers from 1 on for wearer, front"):
        TrainConfig(view_repeats=repeats)


def test_a_batch_that_processes_can_not_share_is_bad_input(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(BadInputError, match="batch is 32; allowed with 3 processes: a multiple of 3"):
        TrainingProcesses().share_of(32)


def test_frozen_norms_keep_their_statistics_and_the_rest_learns(run, tmp_path):
    arguments, out = run
    (tmp_path / "tiny.yaml").write_text(TINY + "freeze_norms: true\n")
    assert main(arguments) == 0
    learnt, fresh = torch.load(out / "last.pt", weights_only=True)["network"], FootNetwork().state_dict()
    assert all(torch.equal(learnt[name], fresh[name]) for name in fresh if "running" in name)
    assert not torch.equal(learnt["low.0.1.weight"], fresh["low.0.1.weight"])


def test_a_bilinear_network_trains_and_is_not_exported(run, tmp_path, capsys):
    arguments, out = run
    (tmp_path / "tiny.yaml").write_text(TINY + "upsample: bilinear\n")
    assert main(arguments) == 0
    assert export.main(["--weights", str(out / "last.pt"), "--out", str(tmp_path / "exported")]) == 2
    assert "pixel shuffles" in capsys.readouterr().err and not (tmp_path / "exported" / "arshoe.onnx").exists()


def test_training_starts_from_what_an_exported_model_computes(tmp_path):
    torch.manual_seed(0)
    trained = FootNetwork().train()
    images = torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8)
    trained(to_input(images, torch.device("cpu")))  # batch norms get statistics
    expected = [output.detach() for output in trained.eval()(to_input(images, torch.device("cpu")))]
    export_onnx(trained, tmp_path / "arshoe.onnx")

    network = start_from(tmp_path / "arshoe.onnx", images)
    sizes = [block[0].weight.square().mean().sqrt() for block in network.modules() if isinstance(block, ConvBlock)]
    assert {round(size.item(), 3) for size in sizes} == {0.1, 0.5}
    for mode in (network.eval(), network.train()):
        for output, want in zip(mode(to_input(images, torch.device("cpu"))), expected, strict=True):
            torch.testing.assert_close(output, want, rtol=0, atol=0.01 * want.abs().max().item())


def test_schedules():
    cosine = TrainConfig(lr=1.0, warmup=0.1)
    assert learning_rate(cosine, 0.0) < 0.02 and learning_rate(cosine, 0.1) == 1 and learning_rate(cosine, 1) < 1e-9
    linear = TrainConfig(lr=1.0, warmup=0.1, schedule="linear")
    np.testing.assert_allclose([learning_rate(linear, p) for p in (0.1, 0.55, 1)], [1, 0.5, 0], atol=1e-9)
    paper = load_config(CONFIGS / "paper.yaml")
    factors = [learning_rate(paper, p) / paper.lr for p in (0.1, 0.2, 0.3, 0.9)]
    np.testing.assert_allclose(factors, [1, 0.9, 0.81, 0.729])
    sizes = TrainConfig(sizes=((0, 128, 1.5), (0.5, 256)))
    assert [input_size(sizes, p) for p in (0, 0.49, 0.5, 1)] == [(128, 1.5), (128, 1.5), (256, 1.0), (256, 1.0)]
    assert [between((0.1, 0.0), p) for p in (0, 0.5, 1)] == [0.1, 0.05, 0]
    assert gains(TrainConfig(heatmap_gain=(10, 0), paf_gain=(4, 2)), 0.5) == (5, 3)


@pytest.mark.parametrize(
    "name", ["cpu.yaml", "cpu_continue.yaml", "upsample_bilinear.yaml", "upsample_shuffle.yaml", "paper.yaml"]
)
def test_shipped_configs_load(name):
    load_config(CONFIGS / name)


@pytest.mark.parametrize(
    "text, message",
    [
        ("lrate: 1", "lrate"),
        ("samples: 5", "exactly one"),
        ("upsample: cubic", "bilinear"),
        ("schedule: exp", "linear"),
        ("gradient_leak: [0.1, 2]", "0 to 1"),
        ("gradient_leak: 0.1", "two numbers"),
        ("a: [", "config is"),
    ],
)
def test_bad_configs_are_named(run, tmp_path, capsys, text, message):
    (tmp_path / "tiny.yaml").write_text(text)
    assert main(run[0]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
