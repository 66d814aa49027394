"""The `shoes` command: list the bundled shoes, look at one, make them anew, import others."""

import argparse
import logging
import os
import sys
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_core.files import write_file
from arshoe_render import shoe_import_command
from arshoe_render.preview import catalogue_sheet, contact_sheet, turntable
from arshoe_render.shoe import bundled_shoes, load_shoe, save_shoe
from arshoe_render.shoe_maker import DESIGNS, make_model

LICENSE = "Apache-2.0"
_JPEG_QUALITY = 82
_TURN_S = 4.0
_PICTURES, _ANIMATIONS = (".png", ".jpg"), (".png", ".webp", ".gif")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="shoes", description="The virtual shoes.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the bundled shoes, their variants and triangles")
    preview = commands.add_parser("preview", help="a picture of a shoe from all sides, or of all shoes")
    preview.add_argument("shoe", nargs="?", default="", help="name or GLB file (default: all bundled shoes)")
    preview.add_argument("--variant", default="", help="colourway (default: the shoe's own)")
    preview.add_argument("--turntable", action="store_true", help="an animated PNG, WebP or GIF of the turning shoe")
    preview.add_argument("--out", type=Path, required=True, help="picture file to write")
    make = commands.add_parser("make", help="make the bundled shoes anew")
    make.add_argument("--out", type=Path, required=True, help="folder for the GLB files")
    importing = commands.add_parser("import", help="make a shoe of a model from anywhere")
    shoe_import_command.add_arguments(importing)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    os.environ.setdefault("LP_NUM_THREADS", "1")
    try:
        {"list": _list, "preview": _preview, "make": _make, "import": _import}[options.command](options)
    except BadInputError as error:
        print(f"shoes: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0


def _list(options: argparse.Namespace) -> None:
    for name in bundled_shoes():
        shoe = load_shoe(name)
        triangles = sum(len(mesh.faces) for mesh in shoe.meshes)
        print(f"{name:10} {triangles} triangles, variants: {', '.join(shoe.variants) or 'none'}")


def _preview(options: argparse.Namespace) -> None:
    _check_picture(options.out, _ANIMATIONS if options.turntable else _PICTURES)
    if not options.shoe:
        if options.variant or options.turntable:
            raise BadInputError("--variant and --turntable need the name of a shoe")
        _write_picture(options.out, catalogue_sheet([load_shoe(name) for name in bundled_shoes()]))
    elif options.turntable:
        _write_animation(options.out, turntable(load_shoe(options.shoe, options.variant)))
    else:
        _write_picture(options.out, contact_sheet(load_shoe(options.shoe, options.variant)))
    print(f"wrote {options.out}")


def _make(options: argparse.Namespace) -> None:
    for name, design in DESIGNS.items():
        path = options.out / f"{name}.glb"
        save_shoe(path, make_model(name, design), LICENSE, _JPEG_QUALITY)
        print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")


def _import(options: argparse.Namespace) -> None:
    if options.review:
        _check_picture(options.review, _PICTURES)
    shoe = shoe_import_command.run(options)
    if options.review:
        _write_picture(options.review, shoe_import_command.review_sheet(shoe))
        print(f"wrote {options.review}")


def _write_picture(path: Path, picture: np.ndarray) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, 78] if path.suffix == ".jpg" else []
    _, data = cv2.imencode(path.suffix, picture, options)
    write_file(path, data.tobytes())


def _write_animation(path: Path, frames: list[np.ndarray]) -> None:
    animation = cv2.Animation()
    animation.frames = frames
    animation.durations = [round(1000 * _TURN_S / len(frames))] * len(frames)
    _, data = cv2.imencodeanimation(path.suffix, animation)
    write_file(path, data.tobytes())


def _check_picture(path: Path, allowed: tuple[str, ...]) -> None:
    """Before the work of drawing it."""
    if path.suffix not in allowed:
        raise BadInputError(f"picture to write is {str(path)!r}; allowed: a {' or '.join(allowed)} file")
    if not path.absolute().parent.is_dir():
        raise BadInputError(f"can't write {str(path)!r}: no such folder")


if __name__ == "__main__":
    sys.exit(main())
