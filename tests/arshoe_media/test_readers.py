"""Frames from bags, videos and folders."""

import av
import cv2
import numpy as np
import pytest

from arshoe_core.errors import BadInputError
from arshoe_media.bag_reader import BagReader
from arshoe_media.frames import Frame, clip, prefetch
from arshoe_media.image_folder_reader import ImageFolderReader
from arshoe_media.video_reader import VideoReader
from arshoe_media.video_writer import VideoWriter


def frames(n, step_ns=100_000_000):
    return [Frame(i * step_ns, np.full((2, 2, 3), i, np.uint8)) for i in range(n)]


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("compressed", [False, True])
def test_bag(write_bag, tmp_path, storage, compressed):
    path = write_bag(tmp_path / "bag", frames=3, storage=storage, compressed=compressed)
    reader = BagReader(path)
    read = list(reader)
    assert [frame.stamp_ns for frame in read] == [1_000_000_000_000 + i * 33_333_333 for i in range(3)]
    expected = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    np.testing.assert_array_equal(read[0].image, expected)
    assert (read[0].camera.fx, read[0].camera.width, read[0].frame_id) == (300.0, 320, "camera")
    assert [[raw.topic for raw in frame.raw_messages] for frame in read] == [["/ground_truth/poses"]] * 3
    assert reader.raw_topics == {"/ground_truth/poses": "arshoe_msgs/msg/FootPoseArray"}
    assert len(list(reader)) == 3  # again, from the start


def test_a_single_file_is_a_bag(write_bag, tmp_path):
    path = write_bag(tmp_path / "bag", frames=2)
    assert len(list(BagReader(path / "bag.mcap"))) == 2


def test_a_bag_without_camera_info(write_bag, tmp_path):
    path = write_bag(tmp_path / "bag", frames=1, camera_info=False)
    assert next(iter(BagReader(path))).camera is None


def test_rgb_becomes_bgr(write_bag, tmp_path):
    bgr = next(iter(BagReader(write_bag(tmp_path / "bgr", frames=1)))).image
    rgb = next(iter(BagReader(write_bag(tmp_path / "rgb", frames=1, encoding="rgb8")))).image
    np.testing.assert_array_equal(rgb, bgr[..., ::-1])


def test_a_topic_that_is_not_there_is_named(write_bag, tmp_path):
    path = write_bag(tmp_path / "bag", frames=1)
    with pytest.raises(BadInputError, match="/camera/image_raw"):
        BagReader(path, image_topic="/other")


def test_video(tmp_path):
    writer = VideoWriter(tmp_path / "video.mp4")
    for i in range(5):
        writer.write(i * 40_000_000, np.full((48, 65, 3), 40 * i, np.uint8))  # an odd width
    writer.close()
    read = list(VideoReader(tmp_path / "video.mp4"))
    assert [frame.stamp_ns for frame in read] == [40_000_000 * (i + 1) for i in range(5)]
    assert read[3].image.shape == (48, 64, 3)
    assert abs(float(read[3].image.mean()) - 120) < 4
    assert next(iter(VideoReader(tmp_path / "video.mp4", fps=10.0))).stamp_ns == 100_000_000


def test_video_keeps_gaps_and_goes_on_after_a_loop(tmp_path):
    writer = VideoWriter(tmp_path / "video.mp4")
    for stamp_ms in (0, 40, 160, 0, 40):
        writer.write(stamp_ms * 1_000_000, np.zeros((32, 32, 3), np.uint8))
    writer.close()
    with av.open(str(tmp_path / "video.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([0, 0.04, 0.16, 0.2, 0.24], abs=1e-3)


def test_a_video_without_pictures_is_not_written(tmp_path):
    VideoWriter(tmp_path / "video.mp4").close()
    assert list(tmp_path.iterdir()) == []


def test_image_folder(tmp_path):
    for name, value in (("b.png", 2), ("a.PNG", 1), ("notes.txt", 0)):
        if name.endswith("txt"):
            (tmp_path / name).write_text("no picture")
        else:
            (tmp_path / name).write_bytes(cv2.imencode(".png", np.full((4, 4, 3), value, np.uint8))[1].tobytes())
    read = list(ImageFolderReader(tmp_path, fps=10.0))
    assert [(frame.stamp_ns, int(frame.image[0, 0, 0])) for frame in read] == [(100_000_000, 1), (200_000_000, 2)]


def test_pictures_of_two_sizes_are_refused(tmp_path):
    for name, size in (("a.png", 4), ("b.png", 5)):
        cv2.imwrite(str(tmp_path / name), np.zeros((size, 4, 3), np.uint8))
    with pytest.raises(BadInputError, match=r"b\.png"):
        list(ImageFolderReader(tmp_path))


def test_clip():
    assert [f.stamp_ns // 100_000_000 for f in clip(frames(10), 0.2, 0.5)] == [2, 3, 4]
    assert len(list(clip(frames(10), 0.0, 0.0))) == 10


def test_prefetch_keeps_order_and_errors():
    assert [f.stamp_ns for f in prefetch(frames(20))] == [f.stamp_ns for f in frames(20)]

    def broken():
        yield from frames(2)
        raise BadInputError("broken")

    stream = prefetch(broken())
    assert [next(stream).stamp_ns, next(stream).stamp_ns] == [0, 100_000_000]
    with pytest.raises(BadInputError, match="broken"):
        next(stream)


def test_prefetch_can_be_left():
    stream = prefetch(frames(100))
    next(stream)
    stream.close()
