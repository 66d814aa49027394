"""Memory for pictures: keep it between frames instead of giving it back to the system."""

import ctypes
import logging

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8  # malloc.h
_KEPT = 256 << 20
"""Bytes at the heap's end that are free and not given back."""
_ARENAS = 2
"""Heaps that threads share. By default there are up to eight for each core, and each keeps what it once needed."""


def keep_large_blocks() -> bool:
    """Let malloc serve blocks of any size from memory it keeps, in heaps that all threads share.

    By default glibc maps each block of a picture's size anew and unmaps it afterwards, and the system fills every page
    with zeros at its first touch: about 1 ms of a 640x480 image's way from one process to the next.

    Returns:
        False where the C library has no mallopt (musl, macOS); nothing is changed then.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        logging.getLogger(__name__).debug("no mallopt: pictures are allocated anew for each frame")
        return False
    settings = {_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: _KEPT, _M_TOP_PAD: 4 << 20, _M_ARENA_MAX: _ARENAS}
    taken = [mallopt(name, value) == 1 for name, value in settings.items()]
    return all(taken)
