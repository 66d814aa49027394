"""Reads labelled feet: COCO keypoints JSON, with side, pose and camera where known, and masks beside it."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.files import replacing
from arshoe_core.foot import NUM_KEYPOINTS, Side
from arshoe_core.types import MASK_IGNORE
from arshoe_learning.pictures import read_picture
from arshoe_perception.preprocessing import INPUT_SIZE, letterbox, letterbox_of


@dataclass(frozen=True)
class LabelledFoot:
    """One annotated foot.

    Attributes:
        keypoints: (8, 2) float32 image pixels, NaN where not labelled; hidden ones are labelled too.
        side: UNKNOWN where the label doesn't say.
        area: of its box, px².
        R, t, foot_length: true pose (3, 3), (3,) m, m, or None.
        visible: how many of the keypoints can be seen.
        covering: bare, sock or shoe; "" where the label doesn't say.
    """

    keypoints: np.ndarray
    side: Side
    area: float
    R: np.ndarray | None = None
    t: np.ndarray | None = None
    foot_length: float | None = None
    visible: int = NUM_KEYPOINTS
    covering: str = ""


@dataclass(frozen=True)
class LabelledImage:
    """One annotated picture; `mask` and `camera` are None where there is none, `view` says what kind it is or ""."""

    file: Path
    width: int
    height: int
    feet: tuple[LabelledFoot, ...]
    mask: Path | None
    camera: Camera | None
    view: str = ""


def annotation_files(folder: Path) -> list[Path]:
    """The shards `shard_*.json` of a data folder, which may still grow; without shards its `annotations.json`."""
    whole = folder / "annotations.json"
    return sorted(folder.glob("shard_*.json")) or [whole] * whole.exists()


def read_annotations(file: Path, images: Path | None = None, masks: Path | None = None) -> list[LabelledImage]:
    """Read one annotation file.

    Args:
        images: folder of the pictures; by default `images` beside the file, or the file's own folder.
        masks: folder of masks named <image stem>.png; by default `masks` beside the file.

    Raises:
        BadInputError: if the file is missing or is no such JSON.
    """
    if images is None:
        images = file.parent / "images" if (file.parent / "images").is_dir() else file.parent
    masks = masks or file.parent / "masks"
    try:
        content = json.loads(file.read_text())
        feet: dict[int, list[LabelledFoot]] = {}
        for annotation in content["annotations"]:
            feet.setdefault(annotation["image_id"], []).append(_foot(annotation))
        return [_image(entry, tuple(feet.get(entry["id"], ())), images, masks) for entry in content["images"]]
    except FileNotFoundError as error:
        raise BadInputError(f"annotations is {str(file)!r}: no such file") from error
    except (KeyError, TypeError, ValueError) as error:
        raise BadInputError(f"annotations is {str(file)!r}: not COCO keypoints JSON of feet ({error!r})") from error


def _image(entry: dict, feet: tuple[LabelledFoot, ...], images: Path, masks: Path) -> LabelledImage:
    name = Path(entry["file_name"])
    file = images / name if (images / name).exists() else images / name.name
    mask = masks / f"{name.stem}.png"
    width, height, camera = entry["width"], entry["height"], entry.get("camera")
    if camera is not None:
        camera = Camera(width, height, *(float(camera[key]) for key in ("fx", "fy", "cx", "cy")))
    return LabelledImage(file, width, height, feet, mask if mask.exists() else None, camera, entry.get("view", ""))


def _foot(annotation: dict) -> LabelledFoot:
    points = np.array(annotation["keypoints"], np.float32).reshape(NUM_KEYPOINTS, 3)
    keypoints = np.where(points[:, 2:] > 0, points[:, :2], np.nan).astype(np.float32)
    side = {"left": Side.LEFT, "right": Side.RIGHT}.get(annotation.get("side"), Side.UNKNOWN)
    width, height = annotation["bbox"][2:]
    seen = {"visible": int((points[:, 2] == 2).sum()), "covering": annotation.get("covering", "")}
    pose = annotation.get("pose")
    if pose is None:
        return LabelledFoot(keypoints, side, float(width * height), **seen)
    R, t = np.array(pose["R"], np.float64).reshape(3, 3), np.array(pose["t"], np.float64)
    return LabelledFoot(keypoints, side, float(width * height), R, t, float(pose["foot_length"]), **seen)


@dataclass(frozen=True)
class Sample:
    """One picture for training, letterboxed.

    Attributes:
        image: (S, S, 3) uint8 BGR.
        mask: (S, S) uint8, 0 background, 1 leg, 2 foot, 255 unknown.
        keypoints: (F, 8, 2) float32 in pixels of `image`, NaN where not labelled; None where feet aren't labelled at
            all, which teaches the segmentation only.
    """

    image: np.ndarray
    mask: np.ndarray
    keypoints: np.ndarray | None


class SampleCache:
    """Samples of data folders, decoded once into `cache/*.npy` beside the pictures and read through memory maps."""

    def __init__(self, folders: list[Path], repeats: dict[str, int] | None = None):
        """Read what is there.

        Args:
            repeats: how many times pictures of a view (`LabelledImage.view`) are among the samples, where not once.
        """
        self._folders, self._repeats = folders, repeats or {}
        self._shards: dict[Path, int] = {}
        self._samples: list[tuple[np.ndarray, int, np.ndarray]] = []
        self.scan()

    def scan(self) -> None:
        """Take in what is new in the folders.

        Raises:
            BadInputError: if a file is broken, or the folders hold no picture at all.
        """
        for folder in self._folders:
            for file in annotation_files(folder):
                if file not in self._shards:
                    images = read_annotations(file)
                    pixels = _cached_pixels(images, folder / "cache" / f"{file.stem}_{INPUT_SIZE}.npy")
                    self._shards[file] = len(images)
                    for i, image in enumerate(images):
                        sample = pixels, i, letterboxed_keypoints(image)
                        self._samples += [sample] * self._repeats.get(image.view, 1)
        if not self._samples:
            names = ", ".join(map(str, self._folders))
            raise BadInputError(f"data is {names!r}: neither annotations.json nor shard_*.json with pictures there")

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        pixels, row, keypoints = self._samples[index]
        return Sample(cv2.cvtColor(pixels[row], cv2.COLOR_BGRA2BGR), cv2.extractChannel(pixels[row], 3), keypoints)


class MaskFolder:
    """Real pictures with masks, `img/NAME.jpg`, `mask/NAME.png`, some with keypoints; the first two thirds train."""

    def __init__(self, folder: Path, train: bool = True, labels: Path | None = None):
        """Read the list.

        Args:
            labels: annotation file of some of the pictures that train, each with all its feet.

        Raises:
            BadInputError: if the folder holds no such pairs, or a mask without its picture; or if the labels name
                another picture.
        """
        masks = sorted((folder / "mask").glob("*.png"))
        split = len(masks) * 2 // 3
        self._masks = masks[:split] if train else masks[split:]
        self._images = {p.stem: p for p in (folder / "img").glob("*")}
        for mask in self._masks:
            if mask.stem not in self._images:
                raise BadInputError(f"real masks is {str(folder)!r}: mask/{mask.name} has no img/{mask.stem}.*")
        if not self._masks:
            raise BadInputError(f"real masks is {str(folder)!r}: no pairs img/NAME.jpg, mask/NAME.png there")
        labelled = read_annotations(labels, folder / "img") if labels else []
        self._keypoints = {image.file.stem: letterboxed_keypoints(image) for image in labelled}
        strangers = sorted(set(self._keypoints) - {mask.stem for mask in self._masks})
        if strangers:
            raise BadInputError(f"real labels is {str(labels)!r}: {strangers[0]} is none of the pictures that train")
        self._decoded: list[tuple[np.ndarray, np.ndarray]] = []

    def decode(self) -> "MaskFolder":
        """Read all pictures now, 256 kB each, so that whoever takes many samples of them does not do it again."""
        self._decoded = [self._read(mask) for mask in self._masks]
        return self

    def _read(self, mask: Path) -> tuple[np.ndarray, np.ndarray]:
        return _read_letterboxed(self._images[mask.stem], mask)

    def __len__(self) -> int:
        return len(self._masks)

    def __getitem__(self, index: int) -> Sample:
        file = self._masks[index]
        image, mask = self._decoded[index] if self._decoded else self._read(file)
        return Sample(image, mask, self._keypoints.get(file.stem))

    def pictures(self) -> list[LabelledImage]:
        """The pictures with their masks, without feet."""
        files = [(self._images[mask.stem], mask) for mask in self._masks]
        return [LabelledImage(file, *read_picture(file).shape[1::-1], (), mask, None) for file, mask in files]


def _read_letterboxed(file: Path, mask_file: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Letterboxed image (S, S, 3) and mask (S, S), both uint8."""
    image = read_picture(file)
    square, input_to_image = letterbox(image)
    return square, letterboxed_mask(file, mask_file, image.shape[:2], input_to_image)


def letterboxed_mask(
    file: Path, mask_file: Path | None, shape: tuple[int, int], input_to_image: np.ndarray
) -> np.ndarray:
    """The mask (S, S) uint8 of picture `file` with this shape (H, W), as `letterbox` has fitted that; unknown if None.

    Raises:
        BadInputError: if the mask can't be read or has another shape.
    """
    if mask_file is None:
        return np.full((INPUT_SIZE, INPUT_SIZE), MASK_IGNORE, np.uint8)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    mask = read_mask(mask_file, file, shape)
    return cv2.warpAffine(mask, input_to_image, (INPUT_SIZE, INPUT_SIZE), flags=flags)


def read_mask(file: Path, picture: Path, shape: tuple[int, int]) -> np.ndarray:
    """The mask (H, W) uint8 of a picture of this shape.

    Raises:
        BadInputError: if it can't be read or has another shape.
    """
    mask = read_picture(file, cv2.IMREAD_GRAYSCALE, "mask")
    if mask.shape != shape:
        raise BadInputError(f"mask is {str(file)!r}: not a grey picture of the size of {picture.name}")
    return mask


def _cached_pixels(images: list[LabelledImage], cache: Path) -> np.ndarray:
    """Memory map (N, S, S, 4) uint8 of image and mask; made first where it isn't there."""
    shape = (len(images), INPUT_SIZE, INPUT_SIZE, 4)
    if not cache.exists() or np.load(cache, mmap_mode="r").shape != shape:
        with replacing(cache) as partial:
            pixels = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
            for i, image in enumerate(images):
                pixels[i, ..., :3], pixels[i, ..., 3] = _read_letterboxed(image.file, image.mask)
            pixels.flush()
    return np.load(cache, mmap_mode="r")


def letterboxed_keypoints(image: LabelledImage) -> np.ndarray:
    """(F, 8, 2) float32 in pixels of the letterboxed picture."""
    T_image_input = letterbox_of(image.width, image.height).input_to_image
    points = np.array([foot.keypoints for foot in image.feet], np.float32).reshape(-1, NUM_KEYPOINTS, 2)
    return ((points - T_image_input[:, 2]) / T_image_input[[0, 1], [0, 1]]).astype(np.float32)
