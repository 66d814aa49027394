"""An mp4 of pictures with stamps."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

_TIME_BASE = Fraction(1, 90_000)
_CODECS = (("libx264", {"preset": "ultrafast", "crf": "20"}), ("mpeg4", {"qscale": "3"}))


class VideoWriter:
    """Writes H.264 (MPEG-4 where PyAV lacks x264); times of the frames follow the stamps, so gaps stay gaps.

    The file appears under its name when it is complete, in `close`.
    """

    def __init__(self, path: Path) -> None:
        """Open the file; its folder must be there and writable."""
        self._path = path
        self._partial = path.with_name(path.name + ".partial")
        self._container = av.open(str(self._partial), "w", format="mp4")
        self._stream = None
        self._first: tuple[int, np.ndarray] | None = None  # waits for the second, which tells the frame rate
        self._last_stamp_ns = 0
        self._last_pts = 0
        self._step_ns = 33_333_333

    def write(self, stamp_ns: int, image: np.ndarray) -> None:
        """Add a picture (H, W, 3) uint8 BGR; all must have the size of the first.

        A stamp that does not grow (a loop) is shown one frame after its predecessor.
        """
        if self._stream is not None:
            self._encode(stamp_ns, image)
        elif self._first is None:
            self._first = (stamp_ns, image)
        else:
            if 1_000_000 < stamp_ns - self._first[0] < 1_000_000_000:
                self._step_ns = stamp_ns - self._first[0]
            self._start()
            self._encode(stamp_ns, image)

    def close(self) -> None:
        """Finish the file; without any picture there is none."""
        if self._stream is None and self._first is not None:
            self._start()
        if self._stream is None:
            self._container.close()
            self._partial.unlink(missing_ok=True)
            return
        self._container.mux(self._stream.encode(None))
        self._container.close()
        os.replace(self._partial, self._path)

    def _start(self) -> None:
        stamp_ns, image = self._first
        name, options = next((name, options) for name, options in _CODECS if name in av.codecs_available)
        rate = Fraction(1_000_000_000, self._step_ns).limit_denominator(1001)
        self._stream = self._container.add_stream(name, rate=rate, options=options)
        # yuv420p takes even sizes only.
        self._stream.width, self._stream.height = image.shape[1] // 2 * 2, image.shape[0] // 2 * 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.thread_count = 1
        self._stream.codec_context.time_base = _TIME_BASE
        self._last_stamp_ns, self._last_pts = stamp_ns - self._step_ns, -self._ticks(self._step_ns)
        self._encode(stamp_ns, image)

    def _encode(self, stamp_ns: int, image: np.ndarray) -> None:
        step_ns = stamp_ns - self._last_stamp_ns
        self._last_stamp_ns = stamp_ns
        self._last_pts += self._ticks(step_ns if step_ns > 0 else self._step_ns)
        image = np.ascontiguousarray(image[: self._stream.height, : self._stream.width])
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts, frame.time_base = self._last_pts, _TIME_BASE
        self._container.mux(self._stream.encode(frame))

    @staticmethod
    def _ticks(duration_ns: int) -> int:
        return max(round(duration_ns * 90_000 / 1e9), 1)
