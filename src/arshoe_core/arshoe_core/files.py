"""Files that are never half written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from arshoe_core.errors import BadInputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the body another name to write a file under, and give the file its own name when the body has succeeded.

    The folder is made where it is missing. What is written is on the disk before it takes the place of the file, so
    after a crash at any time `path` holds either the old or the new content. The other name holds the process's number:
    of two processes that write the same file, both succeed and one is last.

    Raises:
        BadInputError: if the file can't be written; the old one is then as it was.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        _sync(partial)
        partial.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise BadInputError(f"can't write {str(path)!r}: {error.strerror}") from error
    finally:
        if partial.is_file():
            partial.unlink()


def write_file(path: Path, data: bytes | str) -> None:
    """Write a whole file, text as UTF-8.

    Raises:
        BadInputError: if it can't be written; the old one is then as it was.
    """
    with replacing(path) as partial:
        partial.write_bytes(data.encode() if isinstance(data, str) else data)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
