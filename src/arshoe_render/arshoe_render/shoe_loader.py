"""Makes shoes ready to draw in a thread of its own, so that a shoe can be changed between two frames."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

from arshoe_core.errors import BadInputError
from arshoe_render.glb_reader import glb_variants
from arshoe_render.gpu_mesh import PackedMesh, pack
from arshoe_render.shoe import Shoe, load_shoe, shoe_path

RECENT = 8
"""Shoes kept in memory, about 3 MB each."""


@dataclass(frozen=True, eq=False)
class ReadyShoe:
    """A shoe, and its meshes ready for the GPU."""

    shoe: Shoe
    meshes: list[PackedMesh]


def ready_shoe(name_or_path: str, variant: str = "") -> ReadyShoe:
    """Load a shoe and make it ready; errors as `load_shoe`."""
    shoe = load_shoe(name_or_path, variant)
    return ReadyShoe(shoe, [pack(mesh) for mesh in shoe.meshes])


def check_shoe(name_or_path: str, variant: str = "") -> None:
    """Say at once, in a millisecond, what is wrong with the name of a shoe or variant.

    Raises:
        BadInputError: if there is no such shoe or variant, or the file is no GLB. A file damaged farther on shows
            only when it is loaded.
    """
    variants = glb_variants(shoe_path(name_or_path))
    if variant and variant not in variants:
        allowed = ", ".join(variants) or "only '', it has no variants"
        raise BadInputError(f"variant of shoe {name_or_path!r} is {variant!r}; allowed: {allowed}")


class ShoeLoader:
    """Loads one shoe at a time in the background; the newest request wins. The last few shoes stay in memory."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shoe_loader")
        self._load = lru_cache(RECENT)(lambda name, variant, changed_ns: ready_shoe(name, variant))
        self._pending: Future[ReadyShoe] | None = None

    def request(self, name_or_path: str, variant: str = "") -> None:
        """Begin to load a shoe.

        Raises:
            BadInputError: as `check_shoe`.
        """
        check_shoe(name_or_path, variant)
        changed_ns = shoe_path(name_or_path).stat().st_mtime_ns
        if self._pending is not None:
            self._pending.cancel()
        self._pending = self._pool.submit(self._load, name_or_path, variant, changed_ns)

    def take(self) -> ReadyShoe | None:
        """The shoe last requested, once, when it is ready; None until then.

        Raises:
            BadInputError: if it can't be loaded; once.
        """
        if self._pending is None or not self._pending.done():
            return None
        pending, self._pending = self._pending, None
        return pending.result()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)
