"""Keeps the first stage from working on frames that the last one would not get to."""


class FlowControl:
    """Counts the frames that the first stage has sent on and the last one has not done yet.

    Where the last stage never says that it has done one, or has stopped saying so, nothing is held back.

    Attributes:
        limit: frames that may be under way.
    """

    PATIENCE_S = 0.5

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._under_way: dict[int, None] = {}  # in the order of sending
        self._last_done_s = float("-inf")

    def sent(self, stamp_ns: int) -> None:
        """Note a frame that is sent on."""
        self._under_way[stamp_ns] = None

    def done(self, stamp_ns: int, now_s: float) -> None:
        """Note a frame that the last stage has done; `now_s` is any steady clock's time in seconds.

        Frames sent before it are no longer under way: the stages keep the order, so they were dropped.
        """
        self._last_done_s = now_s
        if stamp_ns in self._under_way:
            while next(iter(self._under_way)) != stamp_ns:
                del self._under_way[next(iter(self._under_way))]
            del self._under_way[stamp_ns]

    def full(self, now_s: float) -> bool:
        """Whether no further frame should be sent on now."""
        if now_s - self._last_done_s > self.PATIENCE_S:
            self._under_way.clear()
        return len(self._under_way) >= self.limit

    def reset(self) -> None:
        """Forget all frames."""
        self._under_way.clear()
