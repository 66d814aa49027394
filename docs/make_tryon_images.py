"""Draw docs/images/tryon.jpg and shoes_worn.jpg anew: feet of the demo bag with the shipped network and shoes."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from ament_index_python import get_package_share_directory

from arshoe_media.bag_reader import BagReader
from arshoe_perception import FootEstimator
from arshoe_render import TryOnConfig, TryOnRenderer
from arshoe_stabilizer import Stabilizer

IMAGES = Path(__file__).parent / "images"
FRAME = 90
WORN = {
    "boot": "wheat",
    "derby": "cognac",
    "hightop": "red",
    "loafer": "oxblood",
    "runner": "volt",
    "sandal": "black",
}


def main() -> None:
    """Run the pipeline up to one frame, then dress its feet."""
    estimator, stabilizer = FootEstimator(), Stabilizer()
    frames = islice(BagReader(Path(get_package_share_directory("arshoe")) / "demo" / "wearer_view"), FRAME + 1)
    for frame in frames:
        estimate = estimator(frame.image, frame.camera)
        poses = stabilizer.update(frame.image, estimate.mask, frame.camera, frame.stamp_ns / 1e9, estimate.poses)

    def worn(shoe: str, variant: str = "") -> np.ndarray:
        renderer = TryOnRenderer(TryOnConfig(shoe=shoe, variant=variant))
        picture = renderer.render(frame.image, estimate.mask, frame.camera, poses)
        renderer.release()
        return picture

    write("tryon.jpg", np.hstack([frame.image, worn("sneaker")]))
    tiles = [cv2.resize(worn(*shoe), (480, 360), interpolation=cv2.INTER_AREA) for shoe in WORN.items()]
    write("shoes_worn.jpg", np.vstack([np.hstack(tiles[:3]), np.hstack(tiles[3:])]))


def write(name: str, picture: np.ndarray) -> None:
    """Write one picture, at most 1440 px wide."""
    width = min(1440, picture.shape[1])
    height = round(picture.shape[0] * width / picture.shape[1])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(IMAGES / name), small, [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == "__main__":
    main()
