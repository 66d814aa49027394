"""Files are written whole or not at all."""

import subprocess
import sys

import pytest

from arshoe_core.errors import BadInputError
from arshoe_core.files import replacing, write_file


def test_text_and_bytes_replace_what_was_there(tmp_path):
    file = tmp_path / "new folder" / "figures.json"
    write_file(file, "50°")
    assert file.read_bytes() == "50°".encode()
    write_file(file, b"\x00\xff")
    assert file.read_bytes() == b"\x00\xff"
    assert list(file.parent.iterdir()) == [file]


def test_a_failure_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path):
    file = tmp_path / "weights.pt"
    write_file(file, "old")
    with pytest.raises(ZeroDivisionError), replacing(file) as partial:
        partial.write_text("half")
        assert file.read_text() == "old"
        1 / 0  # noqa: B018
    with pytest.raises(BadInputError, match="No space left"), replacing(file) as partial:
        partial.write_text("half")
        raise OSError(28, "No space left on device")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "a file").write_text("")
    for bad, reason in ((tmp_path / "a file" / "x.json", "File exists|Not a directory"), (tmp_path, "Is a directory")):
        with pytest.raises(BadInputError, match=f"can't write '{bad}': ({reason})"):
            write_file(bad, "text")


def test_two_processes_that_write_one_file_do_not_meet(tmp_path):
    file = tmp_path / "cache.npy"
    with replacing(file) as partial:
        partial.write_text("ours")
        write = f"from arshoe_core import files; files.write_file(files.Path({str(file)!r}), 'theirs')"
        subprocess.run([sys.executable, "-c", write], check=True)
        assert (file.read_text(), partial.read_text()) == ("theirs", "ours")
    assert file.read_text() == "ours"
    assert list(tmp_path.iterdir()) == [file]
