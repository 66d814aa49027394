"""What every reader gives: frames. Readers are iterables that check their input when they are made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from queue import Queue
from threading import Event, Thread

import numpy as np

from arshoe_core.camera import Camera


@dataclass(frozen=True)
class RawMessage:
    """A message of a bag that is passed on as it is."""

    topic: str
    type_name: str
    cdr: bytes


@dataclass(frozen=True)
class Frame:
    """One picture of a stream.

    Attributes:
        stamp_ns: the recorded stamp, or made from the frame rate; nanoseconds.
        image: (H, W, 3) uint8 BGR.
        camera: intrinsics, None where unknown.
        frame_id: name of the camera's optical frame, "" where unknown.
        raw_messages: recorded beside the picture (ground truth).
    """

    stamp_ns: int
    image: np.ndarray
    camera: Camera | None = None
    frame_id: str = ""
    raw_messages: tuple[RawMessage, ...] = ()


def clip(frames: Iterable[Frame], start_s: float, end_s: float) -> Iterator[Frame]:
    """Frames from `start_s` up to but without `end_s`, in seconds after the first; an end of 0 is the stream's end."""
    first_ns = None
    for frame in frames:
        first_ns = frame.stamp_ns if first_ns is None else first_ns
        time_s = (frame.stamp_ns - first_ns) / 1e9
        if end_s and time_s >= end_s:
            return
        if time_s >= start_s:
            yield frame


def prefetch(frames: Iterable[Frame], depth: int = 4) -> Iterator[Frame]:
    """The same frames, read up to `depth` ahead in a thread, so that decoding does not disturb the pacing."""
    queue: Queue = Queue(depth)
    stop = Event()
    end = object()

    def read() -> None:
        try:
            for frame in frames:
                queue.put(frame)
                if stop.is_set():
                    return
            queue.put(end)
        except Exception as error:  # raised again where the frames are used
            queue.put(error)

    Thread(target=read, daemon=True, name="prefetch").start()
    try:
        while (item := queue.get()) is not end:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stop.set()
        while not queue.empty():
            queue.get_nowait()
