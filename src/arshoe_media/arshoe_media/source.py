"""Which input the frames come from, and how they are played."""

from collections.abc import Iterable
from dataclasses import dataclass

from arshoe_core.errors import BadInputError
from arshoe_core.parameters import parameter, validate
from arshoe_media.bag_reader import BagReader
from arshoe_media.camera_reader import CameraReader
from arshoe_media.frames import Frame
from arshoe_media.image_folder_reader import ImageFolderReader
from arshoe_media.video_reader import VideoReader


@dataclass(frozen=True)
class SourceConfig:
    """Where frames come from and how fast they go out."""

    bag: str = parameter("", "ROS 2 bag: folder, .mcap or .db3 file")
    video: str = parameter("", "video file")
    images: str = parameter("", "folder of jpg or png files")
    camera: str = parameter("", "camera number (0 is the first) or device")
    default_bag: str = parameter("", "bag to play when none of bag, video, images and camera is given")
    image_topic: str = parameter("", "image topic of the bag; empty finds one")
    fps: float = parameter(
        0.0, "frame rate of images (0: 30) and video (0: its own), or asked of the camera, Hz", low=0.0, high=1000.0
    )
    rate: float = parameter(1.0, "speed of playing; 1 is real time", low=0.01, high=100.0)
    loop: bool = parameter(False, "start again at the end")
    start: float = parameter(0.0, "skip this much at the beginning, s", low=0.0, high=1e6)
    end: float = parameter(0.0, "stop at this time after the first frame, s; 0 plays to the end", low=0.0, high=1e6)
    frame_id: str = parameter("camera_optical_frame", "frame of the images where the input names none")
    wait: float = parameter(30.0, "longest wait for the other nodes before the first frame, s", low=0.0, high=600.0)
    first_frame_timeout: float = parameter(
        30.0, "with lossless: longest wait for the first frame's result, s; later ones get a third", low=0.1, high=600.0
    )

    def __post_init__(self) -> None:
        validate(self)
        given = [f"{name}:={value}" for name in ("bag", "video", "images", "camera") if (value := getattr(self, name))]
        if len(given) > 1:
            raise BadInputError(f"inputs are {' '.join(given)}; allowed: one of bag, video, images, camera")


def open_input(config: SourceConfig) -> Iterable[Frame]:
    """The reader of the input that the config names; raises `BadInputError` if it can't be read."""
    if config.video:
        return VideoReader(config.video, config.fps)
    if config.images:
        return ImageFolderReader(config.images, config.fps or 30.0)
    if config.camera:
        return CameraReader(config.camera, config.fps)
    if config.bag or config.default_bag:
        return BagReader(config.bag or config.default_bag, config.image_topic)
    raise BadInputError("no input is given; allowed: one of bag, video, images, camera")
