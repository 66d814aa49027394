"""`train`: teaches the network on labelled feet. Reads top to bottom: configuration, loop.

On several GPUs or machines: torchrun --nproc-per-node N -m arshoe_learning.train ...
"""

import argparse
import copy
import dataclasses
import logging
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import yaml
from torch import nn
from torch.utils.data import DataLoader

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_core.files import replacing, write_file
from arshoe_core.memory import keep_large_blocks
from arshoe_learning.augmentation import AugmentationConfig
from arshoe_learning.coco_dataset import MaskFolder, SampleCache
from arshoe_learning.gradient_leak import leak_gradients
from arshoe_learning.initial_weights import start_from, to_input
from arshoe_learning.muon import Muon
from arshoe_learning.synthetic.view import VIEWS
from arshoe_learning.targets import losses
from arshoe_learning.training_data import Epoch, Validation
from arshoe_learning.training_log import TrainingLog
from arshoe_learning.training_processes import TrainingProcesses
from arshoe_perception.network import OUTPUT_CHANNELS, UPSAMPLES, FootNetwork
from arshoe_perception.preprocessing import INPUT_SIZE

log = logging.getLogger(__name__)

SCHEDULES = ("cosine", "linear", "steps")


@dataclass(frozen=True)
class TrainConfig:
    """The schedule; a YAML file overrides any of it.

    Attributes:
        samples: how many pictures to see in all, or 0 to train for max_minutes.
        max_minutes: length of the run by the clock, or 0 to train for `samples`.
        batch: pictures per step, over all processes, of which real_fraction come from the real masks, where given.
        sizes: [from which part of the run, input size in pixels, zoom]; small pictures first make cheap first steps.
            The zoom, 1 if left out, gives the feet back the pixels that a smaller size takes, by cutting pictures off.
        upsample: how the decoders make maps larger, pixel_shuffle or bilinear (to compare; it can't be exported).
        optimizer: adam, adamw or muon.
        warmup: part of the run in which the learning rate rises from 0.
        schedule: "cosine" or "linear" to zero, or "steps": times step_factor at each of step_at (parts of the run).
        ema: decay of the averaged weights, which are the ones validated and exported.
        loss_weights: heatmaps, PAFs, segmentation (paper, equation 12).
        heatmap_gain, paf_gain: extra weight of cells that hold something (`targets.losses`) at the start and the end of
            the run, linear between: high gains start the learning, but make unsure maps too large.
        gradient_leak: part of the gradient that passes a ReLU where it is off (`gradient_leak.py`), at the start and
            the end of the run, linear between.
        freeze_norms: batch norms keep their statistics, and so are part of the convolutions: 1.3 to 1.4 times as fast
            on a CPU, for going on from trained weights.
        bf16: bfloat16 autocast, where the processor computes in it (elsewhere it is many times slower than float32).
        view_repeats: how many times pictures of a view are among the data, where not once, as {side: 2}.
        epoch: pictures between two scans of the data folders.
        checkpoint_minutes: time between validations, each of which writes last.pt.
        val_pictures: at most so many pictures of the validation folder.
        workers: processes that prepare pictures, or 0 to do it between two steps: a worker that shares the cores with
            the network makes its threads wait for one another.
        threads: CPU threads of the network, 0 for all.
    """

    samples: int = 0
    max_minutes: float = 60.0
    batch: int = 32
    real_fraction: float = 0.125
    sizes: tuple = ((0.0, 160), (0.4, 192), (0.8, 256))
    upsample: str = "pixel_shuffle"
    optimizer: str = "adamw"
    lr: float = 2e-3
    weight_decay: float = 1e-2
    warmup: float = 0.02
    schedule: str = "cosine"
    step_at: tuple = ()
    step_factor: float = 0.9
    ema: float = 0.998
    loss_weights: tuple = (2.0, 1.0, 0.5)
    heatmap_gain: tuple = (15.0, 4.0)
    paf_gain: tuple = (8.0, 3.0)
    gradient_leak: tuple = (0.0, 0.0)
    freeze_norms: bool = False
    bf16: bool = True
    view_repeats: dict = field(default_factory=dict)
    epoch: int = 2048
    checkpoint_minutes: float = 4.0
    val_pictures: int = 128
    workers: int = 0
    threads: int = 0
    seed: int = 0
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)

    def __post_init__(self) -> None:
        if (self.samples > 0) == (self.max_minutes > 0):
            raise BadInputError("samples and max_minutes: exactly one of them must be above 0")
        if self.schedule not in SCHEDULES:
            raise BadInputError(f"schedule is {self.schedule!r}; allowed: {', '.join(SCHEDULES)}")
        if np.shape(self.gradient_leak) != (2,) or not all(0 <= part <= 1 for part in self.gradient_leak):
            raise BadInputError(f"gradient_leak is {self.gradient_leak}; allowed: two numbers from 0 to 1")
        if self.upsample not in UPSAMPLES:
            raise BadInputError(f"upsample is {self.upsample!r}; allowed: {', '.join(UPSAMPLES)}")
        repeats = self.view_repeats
        if not all(view in VIEWS and isinstance(count, int) and count > 0 for view, count in repeats.items()):
            raise BadInputError(f"view_repeats is {repeats}; allowed: whole numbers from 1 on for {', '.join(VIEWS)}")


def load_config(file: Path) -> TrainConfig:
    """Read a YAML file of `TrainConfig` fields.

    Raises:
        BadInputError: if it is missing, no YAML, or names an unknown field.
    """
    try:
        values = yaml.safe_load(file.read_text()) or {}
        if "augmentation" in values:
            values["augmentation"] = AugmentationConfig(**values["augmentation"])
        return TrainConfig(**values)
    except FileNotFoundError as error:
        raise BadInputError(f"config is {str(file)!r}: no such file") from error
    except (yaml.YAMLError, TypeError) as error:
        raise BadInputError(f"config is {str(file)!r}: {' '.join(str(error).split())}") from error


# Loop ----------------------------------------------------------------------------------------------------------------


class Clock:
    """How much of the run is done, by pictures or by time; survives a resume, and is the same in all processes."""

    def __init__(self, config: TrainConfig, processes: TrainingProcesses):
        self.config, self.samples, self.seconds = config, 0, 0.0
        self._last, self._processes = time.monotonic(), processes

    def tick(self, samples: int) -> None:
        """Note that a step with so many pictures has ended."""
        now = time.monotonic()
        self.seconds = self._processes.agreed(self.seconds + now - self._last)
        self.samples, self._last = self.samples + samples, now

    @property
    def progress(self) -> float:
        """0 to 1."""
        if self.config.samples:
            return min(1.0, self.samples / self.config.samples)
        return min(1.0, self.seconds / 60 / self.config.max_minutes)


def learning_rate(config: TrainConfig, progress: float) -> float:
    """The learning rate when a part `progress` of the run is done."""
    if progress < config.warmup:
        return config.lr * (progress + 1e-3) / (config.warmup + 1e-3)
    if config.schedule == "steps":
        return config.lr * config.step_factor ** sum(progress >= at for at in config.step_at)
    part = (progress - config.warmup) / (1 - config.warmup)
    if config.schedule == "linear":
        return config.lr * (1 - part)
    return config.lr * 0.5 * (1 + float(np.cos(np.pi * part)))


def input_size(config: TrainConfig, progress: float) -> tuple[int, float]:
    """The picture size and the zoom when a part `progress` of the run is done."""
    size, *zoom = [rest for start, *rest in config.sizes if progress >= start][-1]
    return size, *(zoom or [1.0])


def average_weights(ema: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the averaged weights, and batch norm statistics, towards the current ones."""
    means, values = (
        [value for value in module.state_dict().values() if value.is_floating_point()] for module in (ema, network)
    )
    torch._foreach_lerp_(means, values, 1 - decay)


def between(ends: tuple[float, float], progress: float) -> float:
    """What goes from one value to the other over the run, when a part `progress` of it is done."""
    return ends[0] + (ends[1] - ends[0]) * progress


def gains(config: TrainConfig, progress: float) -> tuple[float, float]:
    """heatmap_gain and paf_gain when a part `progress` of the run is done."""
    return between(config.heatmap_gain, progress), between(config.paf_gain, progress)


def set_training(network: nn.Module, config: TrainConfig, progress: float) -> None:
    """Put the network in training mode, its batch norms too unless they are frozen, and set the leak of its ReLUs."""
    network.train()
    if any(config.gradient_leak):
        leak_gradients(network, between(config.gradient_leak, progress))
    if config.freeze_norms:
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()


def validate(network: nn.Module, data: Validation, config: TrainConfig, device: torch.device) -> dict[str, float]:
    """Loss of each branch (with the gains of the run's end) over that of empty maps: 1 is as bad as zeros."""
    found, empty = np.zeros(3), np.zeros(3)
    with torch.inference_mode():
        for images, targets in DataLoader(data, 32):
            targets = {name: value.to(device) for name, value in targets.items()}
            with torch.autocast(device.type, torch.bfloat16, enabled=config.bf16):
                outputs = network(to_input(images, device))
            found += [float(part) for part in losses(outputs, targets, *gains(config, 1))]
            zeros = [torch.zeros_like(output) for output in outputs]
            empty += [float(part) for part in losses(zeros, targets, *gains(config, 1))]
    return {n: float(f / e) for n, f, e in zip(OUTPUT_CHANNELS, found, empty, strict=True) if e > 0}


def show(network: nn.Module, data: Validation, history: TrainingLog, samples: int, device: torch.device) -> None:
    """Put a few validation pictures with the network's maps into the log."""
    images, targets = next(iter(DataLoader(data, 8)))
    with torch.inference_mode():
        history.pictures(images, targets, network(to_input(images, device)), samples)


def make_optimizer(config: TrainConfig, network: nn.Module) -> torch.optim.Optimizer:
    """Adam, AdamW, or Muon with AdamW for what is no matrix; biases and batch norms don't decay."""
    if config.optimizer == "muon":
        return Muon(network, config.lr, config.weight_decay)
    decay = [p for p in network.parameters() if p.ndim > 1]
    rest = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decay, "weight_decay": config.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    if config.optimizer not in kinds:
        raise BadInputError(f"optimizer is {config.optimizer!r}; allowed: {', '.join(kinds)}, muon")
    return kinds[config.optimizer](groups, lr=config.lr, betas=(0.9, 0.999), fused=True)


def save(file: Path, state: dict) -> None:
    """Write a checkpoint; a reader never sees half of one."""
    with replacing(file) as partial:
        torch.save(state, partial)


def computes_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32 on this device."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()


def train(
    config: TrainConfig,
    data: list[Path],
    out: Path,
    val: Path | None,
    real_masks: Path | None,
    real_labels: Path | None,
    resume: bool,
    init: Path | None,
    processes: TrainingProcesses,
) -> None:
    """Train, from the weights of the ONNX file `init` where given, together with the other processes.

    Writes last.pt, best.pt (lowest sum of validation residuals), log.csv and tensorboard/ to `out`.
    """
    keep_large_blocks()  # a fifth of the time on a CPU went into new pages
    torch.manual_seed(config.seed)
    if config.threads:
        torch.set_num_threads(config.threads)
    device, batch = processes.device, processes.share_of(config.batch)
    config = dataclasses.replace(config, bf16=config.bf16 and computes_bf16(device))
    out.mkdir(parents=True, exist_ok=True)
    history = TrainingLog(out) if processes.rank == 0 else None

    samples = processes.first_then_others(lambda: SampleCache(data, config.view_repeats))
    real = MaskFolder(real_masks, labels=real_labels).decode() if real_masks else None
    checks = {}
    if val:
        val_samples = processes.first_then_others(lambda: SampleCache([val]))
        checks["val"] = Validation(val_samples, INPUT_SIZE, config.val_pictures)
    if real_masks and history:  # only the first process validates
        checks["real"] = Validation(MaskFolder(real_masks, train=False).decode(), INPUT_SIZE, config.val_pictures)

    network = FootNetwork(upsample=config.upsample)
    if init:
        pictures = Epoch(samples, real, config, INPUT_SIZE, 1.0, config.seed)
        network = start_from(init, torch.from_numpy(np.stack([pictures[i][0] for i in range(64)])))
    network = network.to(device, memory_format=torch.channels_last)
    ema = copy.deepcopy(network).eval()
    optimizer = make_optimizer(config, network)
    clock, epoch, best = Clock(config, processes), 0, float("inf")
    if resume and (out / "last.pt").exists():
        state = torch.load(out / "last.pt", map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        ema.load_state_dict(state["ema"])
        optimizer.load_state_dict(state["optimizer"])
        clock.samples, clock.seconds, epoch, best = (state[k] for k in ("samples", "seconds", "epoch", "best"))
        log.info("resumed at %d samples, %.1f minutes", clock.samples, clock.seconds / 60)
    parallel = processes.parallel(network)

    means, checked, speed_mark = np.zeros(3), clock.seconds, (clock.samples, clock.seconds)
    while clock.progress < 1:
        processes.first_then_others(samples.scan)
        (size, zoom), epoch = input_size(config, clock.progress), epoch + 1
        part = (processes.rank, processes.count)
        pictures = Epoch(samples, real, config, size, zoom, seed=config.seed + epoch, part=part)
        loader = DataLoader(pictures, batch, num_workers=config.workers, drop_last=True)
        for images, targets in loader:
            lr = learning_rate(config, clock.progress)
            for group in optimizer.param_groups:
                group["lr"] = lr
            set_training(network, config, clock.progress)
            targets = {name: value.to(device) for name, value in targets.items()}
            with torch.autocast(device.type, torch.bfloat16, enabled=config.bf16):
                outputs = parallel(to_input(images, device))
            parts = losses(outputs, targets, *gains(config, clock.progress))
            loss = sum(weight * part for weight, part in zip(config.loss_weights, parts, strict=True))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            clock.tick(len(images) * processes.count)
            # Young averages follow faster, or they would remember the random start.
            average_weights(ema, network, min(config.ema, 1 - 10 / (10 + clock.samples / config.batch)))
            means = 0.98 * means + 0.02 * np.array([part.item() for part in parts])

            due = clock.seconds - checked > config.checkpoint_minutes * 60
            if not due and clock.progress < 1:
                continue
            checked = clock.seconds
            if history:
                row = {
                    "minutes": clock.seconds / 60,
                    "samples": clock.samples,
                    "data": len(samples),
                    "size": size,
                    "lr": lr,
                }
                row["per_second"] = (clock.samples - speed_mark[0]) / max(clock.seconds - speed_mark[1], 1e-9)
                row |= dict(zip((f"loss_{name}" for name in OUTPUT_CHANNELS), means, strict=True))
                residuals = {name: validate(ema, check, config, device) for name, check in checks.items()}
                row |= {f"{check}_{name}": r for check, found in residuals.items() for name, r in found.items()}
                history.row(row)
                if val:
                    show(ema, checks["val"], history, clock.samples, device)
                state = {"network": network.state_dict(), "ema": ema.state_dict(), "optimizer": optimizer.state_dict()}
                state |= {"samples": clock.samples, "seconds": clock.seconds, "epoch": epoch, "best": best}
                total = sum(residuals["val"].values()) if val else 0.0
                if total <= best:
                    state["best"] = best = total
                    save(out / "best.pt", state)
                save(out / "last.pt", state)
            clock.tick(0)
            speed_mark = (clock.samples, clock.seconds)
            if clock.progress >= 1 or input_size(config, clock.progress) != (size, zoom):
                break
    if history:
        history.close()


def main(argv: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="train", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="YAML, see configs/")
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, help="folders that dataset wrote; may still grow"
    )
    parser.add_argument("--val", type=Path, help="folder to validate on")
    parser.add_argument("--real-masks", type=Path, help="folder with img/ and mask/ of real pictures")
    parser.add_argument("--real-labels", type=Path, help="JSON of feet in some of the --real-masks that train")
    parser.add_argument("--out", type=Path, default=Path("runs/train"))
    parser.add_argument("--init", type=Path, help="start from the weights of this arshoe.onnx")
    parser.add_argument("--resume", action="store_true", help="go on from OUT/last.pt where there is one")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        if args.real_labels and not args.real_masks:
            raise BadInputError(f"--real-labels is {str(args.real_labels)!r}: it needs --real-masks, their pictures")
        config = load_config(args.config)
        write_file(args.out / "config.yaml", yaml.safe_dump(dataclasses.asdict(config)))
        processes = TrainingProcesses()
        with processes.joined():
            train(
                config, args.data, args.out, args.val, args.real_masks, args.real_labels, args.resume, args.init,
                processes,
            )  # fmt: skip
    except BadInputError as error:
        print(f"train: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0


if __name__ == "__main__":
    TrainingProcesses().exit(main())
