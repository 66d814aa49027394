"""Start, end, interruption and parameters of single nodes."""

import json
import time

import pytest
import rclpy
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from arshoe_ros import qos

STAGES = ("network", "pose", "stabilizer", "render", "marker", "recorder")


@pytest.fixture
def client(graph):
    """A plain node on the graph's domain."""
    rclpy.init(domain_id=graph.domain)
    yield rclpy.create_node("client", namespace="arshoe")
    rclpy.shutdown()


def spin_until(node, condition, timeout_s=30.0):
    """Spin until the condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "timeout"
        rclpy.spin_once(node, timeout_sec=0.1)


def call(node, service_type, name, request):
    """Call a service."""
    service = node.create_client(service_type, name)
    spin_until(node, service.service_is_ready)
    future = service.call_async(request)
    spin_until(node, future.done)
    return future.result()


def test_ctrl_c_ends_every_node_with_0_and_finishes_the_files(graph, client, bag, tmp_path):
    for stage in STAGES[:-1]:
        graph.start(stage)
    recorder = graph.start("recorder", out=tmp_path)
    graph.start("source", bag=bag, loop=True)
    pictures = []
    client.create_subscription(Image, "tryon", pictures.append, qos.image(False))
    spin_until(client, lambda: len(pictures) > 15, timeout_s=60)
    for process in graph.processes.values():
        process.interrupt()
    for process in graph.processes.values():
        assert process.wait(20) == 0, process.output
        assert "Traceback" not in process.output
    assert json.loads((tmp_path / "summary.json").read_text())["frames_out"] > 10
    assert (tmp_path / "tryon.mp4").stat().st_size > 1000
    # The bag of 12 frames has been played more than once.
    assert "time went backwards" in graph.processes["stabilizer"].output
    assert recorder.output.count("frames in") == 1


def test_nodes_end_after_the_end_of_the_stream(graph, client):
    for stage in STAGES:
        graph.start(stage)
    publisher = client.create_publisher(Header, "end_of_stream", qos.END_OF_STREAM)
    publisher.publish(Header())
    for process in graph.processes.values():
        assert process.wait(40) == 0, process.output


def test_parameters_are_read_and_set(graph, client):
    graph.start("render", occlusion="mesh")
    names = ["shoe", "occlusion", "lossless"]
    values = call(client, GetParameters, "render_node/get_parameters", GetParameters.Request(names=names)).values
    assert [values[0].string_value, values[1].string_value, values[2].bool_value] == ["sneaker", "mesh", False]

    def set_parameter(name, value):
        request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        return call(client, SetParameters, "render_node/set_parameters", request).results[0]

    assert set_parameter("occlusion", "none").successful
    refused = set_parameter("shoe", "clog")
    assert not refused.successful and "clog" in refused.reason
    assert set_parameter("variant", "white-navy").successful
    refused = set_parameter("variant", "plaid")
    assert not refused.successful and "white-green" in refused.reason
    assert set_parameter("shoe", "derby").successful
    request = GetParameters.Request(names=["shoe", "variant"])
    values = call(client, GetParameters, "render_node/get_parameters", request).values
    assert [v.string_value for v in values] == ["derby", ""], "another shoe comes in its default variant"
    assert not set_parameter("lossless", True).successful


def test_a_silent_topic_is_named(graph, client, bag):
    stabilizer = graph.start("stabilizer")
    graph.start("source", bag=bag, loop=True, wait=0.0)
    spin_until(client, lambda: "frames wait for mask, poses_raw" in stabilizer.output)


def test_lossless_names_the_stage_that_does_not_answer(graph, bag):
    source = graph.start("source", bag=bag, lossless=True, wait=0.0, first_frame_timeout=2.0)
    assert source.wait() == 2
    assert "stage network has published no network_output" in source.output
