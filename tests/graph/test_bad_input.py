"""Bad input ends a node with one line that names the value and with exit code 2."""

import cv2
import numpy as np
import pytest
import rclpy
from sensor_msgs.msg import Image

from arshoe_core.errors import EXIT_BAD_INPUT


def fails(process, *words):
    """Check the exit code and that the last line holds the words, without any traceback."""
    assert process.wait(30) == EXIT_BAD_INPUT, process.output
    assert "Traceback" not in process.output
    errors = [line for line in process.output.splitlines() if line.startswith(f"{process.name}_node: ")]
    assert len(errors) == 1, process.output
    assert all(word in errors[0] for word in words), errors[0]


@pytest.fixture
def bad(tmp_path, write_bag):
    """A folder of files that are not what they seem."""
    for name in ("bag.mcap", "bag.db3", "video.mp4", "shoe.glb", "model.onnx", "picture.jpg"):
        (tmp_path / name).write_bytes(b"not what it seems" * 100)
    write_bag(tmp_path / "no_images", 0)
    write_bag(tmp_path / "encoding", 2, encoding="16SC3")
    whole = (write_bag(tmp_path / "cut", 3) / "cut.mcap").read_bytes()
    (tmp_path / "cut" / "cut.mcap").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty").mkdir()
    cv2.imwrite(str(tmp_path / "empty" / "picture.bmp"), np.zeros((8, 8, 3), np.uint8))
    return tmp_path


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, ["bag, video, images, camera"]),
        ({"bag": "{bad}/none", "video": "{bad}/video.mp4"}, ["one of bag, video, images, camera"]),
        ({"bag": "{bad}/none"}, ["none", "does not exist"]),
        ({"bag": "{bad}/bag.mcap"}, ["bag.mcap", "can't be read"]),
        ({"bag": "{bad}/bag.db3"}, ["bag.db3", "can't be read"]),
        ({"bag": "{bad}/cut", "wait": 0.0}, ["cut"]),
        ({"bag": "{bad}/no_images"}, ["no images"]),
        ({"bag": "{bad}/encoding", "wait": 0.0}, ["16SC3", "bgr8"]),
        ({"video": "{bad}/video.mp4"}, ["video.mp4", "can't be decoded"]),
        ({"images": "{bad}/empty"}, ["empty", "no pictures"]),
        ({"images": "{bad}", "wait": 0.0}, ["picture.jpg", "can't be decoded"]),
        ({"camera": 97}, ["camera '97'"]),
        ({"images": "{bad}", "rate": "fast"}, ["rate", "fast"]),
        ({"images": "{bad}", "rate": 0.0}, ["rate", "0.01 to 100"]),
    ],
)
def test_source_node(graph, bad, parameters, words):
    values = {name: str(value).format(bad=bad) for name, value in parameters.items()}
    fails(graph.start("source", **values), *words)


@pytest.mark.parametrize(
    ("node", "parameters", "words"),
    [
        ("network", {"model": "{bad}/none.onnx"}, ["none.onnx"]),
        ("network", {"model": "{bad}/model.onnx"}, ["model.onnx"]),
        ("network", {"backend": "abacus"}, ["backend", "abacus", "onnx"]),
        ("stabilizer", {"method": "glue"}, ["method", "glue", "kalman"]),
        ("render", {"shoe": "glass_slipper"}, ["glass_slipper", "sneaker"]),
        ("render", {"shoe": "{bad}/shoe.glb"}, ["shoe.glb"]),
        ("render", {"occlusion": "curtain"}, ["occlusion", "curtain", "silhouette"]),
        ("recorder", {"out": "{bad}/model.onnx/out"}, ["model.onnx/out"]),
        ("recorder", {"out": "/proc/out"}, ["/proc/out"]),
    ],
)
def test_other_nodes(graph, bad, node, parameters, words):
    values = {name: value.format(bad=bad) for name, value in parameters.items()}
    fails(graph.start(node, **values), *words)


def test_a_picture_of_an_unknown_encoding_from_a_driver(graph):
    network = graph.start("network")
    rclpy.init(domain_id=graph.domain)
    try:
        driver = rclpy.create_node("driver", namespace="arshoe")
        publisher = driver.create_publisher(Image, "image", 1)
        while network.running:  # the first ones may come before the connection
            publisher.publish(Image(width=4, height=4, step=16, encoding="32FC1", data=bytes(64)))
            rclpy.spin_once(driver, timeout_sec=0.1)
        fails(network, "32FC1", "bgr8")
    finally:
        rclpy.shutdown()
