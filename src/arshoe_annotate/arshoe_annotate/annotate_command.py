"""`annotate PICTURES --out labels.json`: label feet in pictures, in the browser."""

import argparse
import logging
import sys
import time
from pathlib import Path

import cv2

from arshoe_annotate.annotator import Annotator
from arshoe_annotate.pictures import open_pictures
from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser("annotate", description=__doc__)
    parser.add_argument("pictures", help="folder, file or quoted pattern of jpg or png pictures, bag or video")
    parser.add_argument("--out", type=Path, required=True, help="label file (COCO JSON); an existing one is added to")
    parser.add_argument("--every", type=int, default=1, help="label only every so many pictures")
    parser.add_argument("--root", type=Path, help="names in the label file are relative to this folder")
    parser.add_argument("--fov", type=float, help="field of view, degrees, of pictures whose camera is unknown")
    parser.add_argument("--port", type=int, default=8080, help="port of the page; a taken one is passed over")
    parser.add_argument(
        "--review", type=Path, metavar="DIR", help="no page: statistics, outliers, contact sheets to DIR"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    cv2.setNumThreads(1)
    try:
        if options.every < 1:
            raise BadInputError(f"every is {options.every}; allowed: 1 or more")
        pictures = open_pictures(options.pictures, options.out, options.every, options.root)
        if options.review:
            from arshoe_annotate.review import review

            print(review(Annotator(pictures, options.out, options.fov), options.review))
        else:
            _serve(pictures, options)
    except BadInputError as error:
        print(f"annotate: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print()
    return 0


def _serve(pictures, options: argparse.Namespace) -> None:
    from arshoe_annotate.page import Page

    page = Page(pictures, options.out, options.port, options.fov)
    print(
        f"{len(pictures.names)} pictures; open http://localhost:{page.port} (Ctrl-C ends; everything is saved at once)"
    )
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    sys.exit(main())
