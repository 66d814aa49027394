"""The `shoes` command: list the bundled shoes, look at one, make them anew."""

import argparse
import logging
import os
import sys
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_render.preview import contact_sheet
from arshoe_render.shoe import DEFAULT_SHOE, Shoe, bundled_shoes, load_shoe, save_shoe
from arshoe_render.shoe_maker import DESIGNS, make_shoe, opening_rim

LICENSE = "Apache-2.0"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="shoes", description="The virtual shoes.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the bundled shoes")
    preview = commands.add_parser("preview", help="a picture of a shoe from all sides")
    preview.add_argument("shoe", nargs="?", default=DEFAULT_SHOE, help="name or GLB file")
    preview.add_argument("--out", type=Path, required=True, help="PNG or JPEG file to write")
    make = commands.add_parser("make", help="make the bundled shoes anew")
    make.add_argument("--out", type=Path, required=True, help="folder for the GLB files")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    os.environ.setdefault("LP_NUM_THREADS", "1")
    try:
        {"list": _list, "preview": _preview, "make": _make}[options.command](options)
    except BadInputError as error:
        print(f"shoes: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0


def _list(options: argparse.Namespace) -> None:
    for name in bundled_shoes():
        shoe = load_shoe(name)
        triangles = sum(len(mesh.faces) for mesh in shoe.meshes)
        print(f"{name:12} {triangles} triangles, modelled as the {shoe.side.name.lower()} shoe")


def _preview(options: argparse.Namespace) -> None:
    picture = contact_sheet(load_shoe(options.shoe))
    _write_picture(options.out, picture)
    print(f"wrote {options.out}")


def _make(options: argparse.Namespace) -> None:
    for name, parameters in DESIGNS.items():
        path = options.out / f"{name}.glb"
        shoe = Shoe(name, make_shoe(parameters), parameters.side, 0.26, opening_rim(parameters))
        save_shoe(path, shoe, LICENSE)
        print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")


def _write_picture(path: Path, picture: np.ndarray) -> None:
    try:
        written, data = cv2.imencode(path.suffix or ".png", picture)
    except cv2.error:
        written = False
    if not written:
        raise BadInputError(f"--out is {str(path)!r}; allowed: a .png or .jpg file")
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_bytes(data.tobytes())
        temporary.replace(path)
    except OSError as error:
        raise BadInputError(f"can't write {str(path)!r}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())
