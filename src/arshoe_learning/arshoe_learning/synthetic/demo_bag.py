"""Makes the bundled demo bag: a wearer's view of walking feet with ground truth, from assets held out of training."""

import argparse
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from arshoe_core.camera import Camera
from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_core.se3 import quaternion
from arshoe_learning.synthetic import scene
from arshoe_learning.synthetic.assets import find_assets
from arshoe_learning.synthetic.body import BodyModel
from arshoe_learning.synthetic.demo_motion import DURATION, moment
from arshoe_learning.synthetic.generator import Sample, Stage, exposed, moved
from arshoe_learning.synthetic.paint import floor_texture
from arshoe_learning.synthetic.person import build_person
from arshoe_learning.synthetic.view import View
from arshoe_learning.synthetic.wardrobe import Wardrobe

RATE, WIDTH, HEIGHT = 30, 640, 480
FIELD_OF_VIEW = np.deg2rad(54)
JPEG_QUALITY = 80
FRAME_ID = "camera"
FIRST_STAMP = 1_700_000_000 * 10**9
BODY_SEED, CLOTHES_SEED, FLOOR_SEED, LIGHT_SEED = 15, 15, 308, 13
"""Picked by eye."""
INDOORS = ("WoodFloor", "Planks", "Tiles", "Carpet", "Wood_", "Terrazzo", "Tatami")


class Demo:
    """Draws the frames of the demo one after another."""

    def __init__(self, folders: list[Path]) -> None:
        assets = find_assets(folders, "test")
        body = BodyModel(assets.mpfb2)
        leg = body.sample(np.random.default_rng(BODY_SEED))
        self._dressed = Wardrobe(assets, body).dress(leg, np.random.default_rng(CLOTHES_SEED), "sock")
        floors = [path for path in assets.floors if path.name.startswith(INDOORS)]
        self._floor = floor_texture(np.random.default_rng(FLOOR_SEED), floors, 1024)
        light, self._panorama = scene.sample_light(np.random.default_rng(LIGHT_SEED), assets)
        self._light = exposed(light, 0.95)
        self._stage = Stage(WIDTH, HEIGHT)
        self.camera = Camera.from_fov(WIDTH, HEIGHT, FIELD_OF_VIEW)

    def __call__(self, time: float) -> Sample:
        """The frame at `time` seconds."""
        now = moment(time)
        person = moved(build_person(self._dressed, self._dressed, now.stance, 0.1), now.T_world_person)
        near = np.concatenate([mesh.vertices[mesh.vertices[:, 2] < 0.4] for mesh, _ in person.meshes])
        # Always the same draws, so that the floor stays where it is.
        floor = scene.floor_mesh(np.random.default_rng(FLOOR_SEED), self._floor, np.zeros(2), near)
        self._stage.set([person], [], floor)
        return self._stage.shoot(View(self.camera, now.T_camera_world, "wearer"), [], self._light, self._panorama)


def make_demo_bag(out: Path, folders: list[Path], messages: Path) -> None:
    """Write the bag.

    Args:
        out: the bag's folder; replaced if it exists.
        folders: asset folders.
        messages: folder with the .msg files of arshoe_msgs.

    Raises:
        BadInputError: if assets or message files are missing.
    """
    typestore = get_typestore(Stores.ROS2_KILTED)
    for file in sorted(messages.glob("*.msg")):
        typestore.register(get_types_from_msg(file.read_text(), f"arshoe_msgs/msg/{file.stem}"))
    if "arshoe_msgs/msg/FootPoseArray" not in typestore.fielddefs:
        raise BadInputError(
            f"no FootPoseArray.msg in {str(messages)!r}; give the folder of arshoe_msgs with --messages"
        )
    demo = Demo(folders)
    temporary = out.with_name(out.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)
    topics = {
        "/camera/image_raw/compressed": "sensor_msgs/msg/CompressedImage",
        "/camera/camera_info": "sensor_msgs/msg/CameraInfo",
        "/ground_truth/poses": "arshoe_msgs/msg/FootPoseArray",
        "/ground_truth/mask": "sensor_msgs/msg/CompressedImage",
    }
    # The files inside carry the folder's name, so they are written below one of the final name.
    folder = temporary / out.name
    temporary.mkdir(parents=True)
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = [writer.add_connection(topic, kind, typestore=typestore) for topic, kind in topics.items()]
        for frame in range(round(DURATION * RATE)):
            stamp = FIRST_STAMP + round(frame * 1e9 / RATE)
            for connection, message in zip(connections, _messages(demo, frame, stamp, typestore.types), strict=True):
                writer.write(connection, stamp, typestore.serialize_cdr(message, connection.msgtype))
    shutil.rmtree(out, ignore_errors=True)
    folder.replace(out)
    temporary.rmdir()


def _messages(demo: Demo, frame: int, stamp: int, types: dict) -> list:
    """The messages of one frame: image, camera info, poses, mask."""
    sample = demo(frame / RATE)
    noise = np.random.default_rng(frame).normal(0, 1.2, sample.image.shape)
    picture = (sample.image + noise).clip(0, 255).astype(np.uint8)
    time = types["builtin_interfaces/msg/Time"](sec=stamp // 10**9, nanosec=stamp % 10**9)
    header = types["std_msgs/msg/Header"](stamp=time, frame_id=FRAME_ID)
    compressed = types["sensor_msgs/msg/CompressedImage"]
    jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].ravel()
    png = cv2.imencode(".png", sample.mask, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].ravel()
    poses = [_foot_pose(visible.foot, types) for visible in sample.feet]
    return [
        compressed(header=header, format="bgr8; jpeg compressed bgr8", data=jpeg),
        _camera_info(demo.camera, header, types),
        types["arshoe_msgs/msg/FootPoseArray"](header=header, feet=poses),
        compressed(header=header, format="mono8; png compressed mono8", data=png),
    ]


def _camera_info(camera: Camera, header: object, types: dict) -> object:
    P = np.zeros((3, 4))
    P[:, :3] = camera.K
    region = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    return types["sensor_msgs/msg/CameraInfo"](
        header=header, height=camera.height, width=camera.width, distortion_model="plumb_bob",
        d=np.zeros(5), k=camera.K.ravel(), r=np.eye(3).ravel(), p=P.ravel(), binning_x=0, binning_y=0, roi=region,
    )  # fmt: skip


def _foot_pose(foot: object, types: dict) -> object:
    w, x, y, z = quaternion(foot.T_frame_foot[:3, :3])
    pose = types["geometry_msgs/msg/Pose"](
        position=types["geometry_msgs/msg/Point"](*map(float, foot.T_frame_foot[:3, 3])),
        orientation=types["geometry_msgs/msg/Quaternion"](*map(float, (x, y, z, w))),
    )
    with_covariance = types["geometry_msgs/msg/PoseWithCovariance"](pose=pose, covariance=np.zeros(36))
    return types["arshoe_msgs/msg/FootPose"](
        side=int(foot.side), track_id=0, status=0, pose=with_covariance, score=1.0, reprojection_error=0.0,
        foot_length=float(foot.foot_length),
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """The command `make_demo_bag`; returns its exit code."""
    source = Path(__file__).resolve().parents[3]
    parser = argparse.ArgumentParser("make_demo_bag", description=__doc__)
    parser.add_argument("--out", type=Path, default=source.parent / "launch/demo/wearer_view", help="the bag's folder")
    parser.add_argument("--assets", type=Path, nargs="+", default=[], help="folders with the generator's assets")
    parser.add_argument("--messages", type=Path, default=source / "arshoe_msgs/msg", help="folder of arshoe_msgs' .msg")
    given = parser.parse_args(arguments)
    try:
        make_demo_bag(given.out, given.assets, given.messages)
    except BadInputError as error:
        print(f"make_demo_bag: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    size = sum(file.stat().st_size for file in given.out.iterdir())
    print(f"{given.out}: {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
