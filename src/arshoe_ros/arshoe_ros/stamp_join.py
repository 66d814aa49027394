"""Join messages of several topics that carry exactly the same stamp."""

from collections.abc import Callable
from typing import Any


class StampJoin:
    """Collects items per topic and calls back once all topics have one of the same stamp.

    Each topic keeps its own order, so a match makes everything that came before it on any topic useless: that is
    counted in `dropped`. Nothing is compared by size of stamp, so a bag that starts again needs no special care.

    Attributes:
        dropped: frames that were given up because a topic had none of their stamp.
    """

    SILENT_AFTER_S = 2.0

    def __init__(self, topics: tuple[str, ...], callback: Callable[..., None], depth: int = 30) -> None:
        """Make a join of `topics`.

        Args:
            callback: called with one item per topic, in the order of `topics`.
            depth: items kept per topic while waiting for the others.
        """
        self.dropped = 0
        self._pending: dict[str, dict[int, Any]] = {topic: {} for topic in topics}
        self._callback = callback
        self._depth = depth
        self._waiting_since: float | None = None

    def add(self, topic: str, stamp_ns: int, item: Any, now_s: float) -> None:
        """Take an item of a topic; `now_s` is any steady clock's time in seconds."""
        pending = self._pending[topic]
        if any(stamp_ns < earlier for earlier in pending):
            pending.clear()  # time went backwards: what waited belongs to the past
        pending[stamp_ns] = item
        if self._waiting_since is None:
            self._waiting_since = now_s
        if all(stamp_ns in items for items in self._pending.values()):
            self._waiting_since = None
            self._emit(stamp_ns)
        elif len(pending) > self._depth:
            self.dropped += 1
            del pending[next(iter(pending))]

    def waits(self, topic: str) -> bool:
        """Whether items of a topic wait for the others."""
        return bool(self._pending[topic])

    def silent_topics(self, now_s: float) -> list[str]:
        """Topics without a waiting item, once others have waited `SILENT_AFTER_S` for a match; else []."""
        if self._waiting_since is None or now_s - self._waiting_since < self.SILENT_AFTER_S:
            return []
        return [topic for topic, items in self._pending.items() if not items]

    def _emit(self, stamp_ns: int) -> None:
        matched, passed_over = [], set()
        for items in self._pending.values():
            for stamp in list(items):
                item = items.pop(stamp)
                if stamp == stamp_ns:
                    matched.append(item)
                    break
                passed_over.add(stamp)
        self.dropped += len(passed_over)
        self._callback(*matched)
