"""Memory for pictures: keep it between frames instead of giving it back to the system."""

import ctypes
import logging

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # malloc.h
_LARGEST = 32 << 20
"""The largest block that glibc takes from its own heap."""


def keep_large_blocks() -> bool:
    """Let malloc serve blocks of up to 32 MB from memory it keeps.

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
    settings = {_M_MMAP_THRESHOLD: _LARGEST, _M_TRIM_THRESHOLD: 8 * _LARGEST, _M_TOP_PAD: 4 << 20}
    taken = [mallopt(name, value) == 1 for name, value in settings.items()]
    return all(taken)
