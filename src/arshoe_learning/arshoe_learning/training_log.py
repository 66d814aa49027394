"""What `train` writes down: a row per validation to the log and log.csv, scalars and pictures for TensorBoard."""

import csv
import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

log = logging.getLogger(__name__)


class TrainingLog:
    """Writes to `folder`: log.csv, and TensorBoard's files in tensorboard/."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "log.csv"
        self._tensorboard = SummaryWriter(str(folder / "tensorboard"))

    def row(self, row: dict[str, float]) -> None:
        """Append a row to log.csv, with a header if it is new, to the log and to TensorBoard."""
        new = not self._file.exists()
        with self._file.open("a", newline="") as stream:
            writer = csv.writer(stream)
            if new:
                writer.writerow(row)
            writer.writerow(f"{v:.5g}" if isinstance(v, float) else v for v in row.values())
        log.info("  ".join(f"{k} {v:.4g}" for k, v in row.items()))
        for name, value in row.items():
            self._tensorboard.add_scalar(name, value, row["samples"])

    def pictures(self, images: Tensor, targets: dict[str, Tensor], outputs: tuple[Tensor, ...], samples: int) -> None:
        """Show pictures with what the network should see in them and what it sees; arguments as in training."""
        sheet = contact_sheet(images.numpy(), (targets["heatmaps"], targets["segmentation"]), (outputs[0], outputs[2]))
        self._tensorboard.add_image("picture, target, network", sheet, samples, dataformats="HWC")

    def close(self) -> None:
        """Finish the files."""
        self._tensorboard.close()


def contact_sheet(images: np.ndarray, target: tuple[Tensor, Tensor], found: tuple[Tensor, Tensor]) -> np.ndarray:
    """A row for each picture (N, H, W, 3) uint8 BGR: the picture, and on it the maps that should be and that are.

    Args:
        target, found: heatmaps (N, 8, H/4, W/4) and segmentation (N, 2, H/4, W/4).

    Returns:
        (N H, 3 W, 3) uint8 RGB; keypoints are yellow, the leg blue, the foot red.
    """
    columns = [images[..., ::-1]]
    for heatmaps, segmentation in (target, found):
        maps = torch.stack([heatmaps.amax(1), segmentation[:, 0], segmentation[:, 1]]).float().clip(0, 1).cpu().numpy()
        keypoints, leg, foot = maps.repeat(4, -1).repeat(4, -2)[..., None]
        colors = keypoints * (255, 255, 0) + (1 - keypoints) * (leg * (0, 0, 255) + foot * (255, 0, 0))
        columns.append((0.5 * columns[0] + 0.5 * colors).astype(np.uint8))
    return np.concatenate([np.concatenate(row, 1) for row in zip(*columns, strict=True)])
