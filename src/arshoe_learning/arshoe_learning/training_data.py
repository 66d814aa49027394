"""Pictures with their target maps, as `train` takes them: augmented for an epoch, unchanged for validation."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from torch.utils.data import Dataset

from arshoe_learning.augmentation import augment, resize_sample
from arshoe_learning.coco_dataset import MaskFolder, SampleCache
from arshoe_learning.targets import make_targets

if TYPE_CHECKING:
    from arshoe_learning.train import TrainConfig


class Epoch(Dataset):
    """Augmented pictures with their target maps, for one epoch; item i differs from one epoch to the next.

    Args:
        size: of the pictures, pixels.
        zoom: times the zoom of the augmentation.
        seed: of this epoch.
        part: which of how many equal parts, one for each training process.
    """

    def __init__(
        self,
        samples: SampleCache,
        real: MaskFolder | None,
        config: "TrainConfig",
        size: int,
        zoom: float,
        seed: int,
        part: tuple[int, int] = (0, 1),
    ):
        self.samples, self.real, self.config, self.size, self.seed = samples, real, config, size, seed
        low, high = config.augmentation.scale
        self.augmentation = replace(config.augmentation, scale=(zoom * low, zoom * high))
        self.number, self.parts = part
        rng = np.random.default_rng(seed)
        rounds = -(-config.epoch // len(samples))
        order = np.concatenate([rng.permutation(len(samples)) for _ in range(rounds)])
        self.order = order[self.number : config.epoch - config.epoch % self.parts : self.parts]

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, i: int) -> tuple[np.ndarray, dict]:
        rng = np.random.default_rng((self.seed, i * self.parts + self.number))
        batch = self.config.batch // self.parts
        if self.real and i % batch < self.config.real_fraction * batch:
            sample = self.real[int(rng.integers(len(self.real)))]
        else:
            sample = self.samples[self.order[i]]
        sample = augment(sample, self.size, self.augmentation, rng)
        return sample.image, vars(make_targets(sample.keypoints, sample.mask))


class Validation(Dataset):
    """Evenly spaced pictures, unchanged but for their size."""

    def __init__(self, samples: SampleCache | MaskFolder, size: int, count: int):
        self.samples, self.size = samples, size
        self.order = np.unique(np.linspace(0, len(samples) - 1, min(count, len(samples))).astype(int))

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, i: int) -> tuple[np.ndarray, dict]:
        sample = resize_sample(self.samples[self.order[i]], self.size)
        return sample.image, vars(make_targets(sample.keypoints, sample.mask))
