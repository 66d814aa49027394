"""The launch file says the same as the nodes' configuration classes."""

import os
import xml.etree.ElementTree as ElementTree
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from arshoe_core.parameters import info
from arshoe_media.source import SourceConfig
from arshoe_perception.network_runner import NetworkConfig
from arshoe_perception.pose_estimator import PoseConfig
from arshoe_perception.region_of_interest import RegionConfig
from arshoe_render import TryOnConfig
from arshoe_stabilizer import StabilizerConfig

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = ROOT / "launch"
ARGUMENTS = {
    action["arg"]["name"]: action["arg"]
    for action in yaml.safe_load((LAUNCH / "tryon.launch.yaml").read_text())["launch"]
    if "arg" in action
}

STAGES = {
    # config file: class, and its parameters that are launch arguments (parameter: argument)
    "network": (NetworkConfig, {"backend": "backend", "device": "device", "model": "model"}),
    "pose": (PoseConfig, {}),
    "stabilizer": (StabilizerConfig, {"method": "stabilizer"}),
    "render": (TryOnConfig, {"shoe": "shoe", "occlusion": "occlusion"}),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_are_described(name):
    argument = ARGUMENTS[name]
    choices = [choice["value"] for choice in argument.get("choice", [])]
    assert argument["description"]
    assert isinstance(argument["default"], str)  # launch takes nothing else
    assert not choices or argument["default"] in choices


@pytest.mark.parametrize("config, arguments", [*STAGES.values(), (RegionConfig, {"roi": "roi"})])
def test_arguments_agree_with_the_parameters(config, arguments):
    for parameter, name in arguments.items():
        choices = tuple(choice["value"] for choice in ARGUMENTS[name].get("choice", ()))
        assert ARGUMENTS[name]["default"] == getattr(config(), parameter)
        assert choices == info(config, parameter).choices


def test_source_arguments_agree_with_the_parameters():
    for name in ("bag", "video", "camera", "images", "fps", "start", "end", "rate", "loop"):
        default = getattr(SourceConfig(), name)
        assert type(default)(yaml.safe_load(ARGUMENTS[name]["default"] or "''")) == default, name


@pytest.mark.parametrize("stage", STAGES)
def test_config_files_hold_the_defaults(stage):
    config, arguments = STAGES[stage]
    parameters = yaml.safe_load((LAUNCH / "config" / f"{stage}.yaml").read_text())["/**"]["ros__parameters"]
    defaults = {f.name: f.default for f in fields(config) if f.name not in arguments}
    assert parameters == {name: defaults.get(name, "no such parameter") for name in parameters}


def test_the_package_depends_on_all_that_run_in_the_graph():
    depends = {element.text for element in ElementTree.parse(LAUNCH / "package.xml").iter("exec_depend")}
    packages = {path.parent.name for path in ROOT.glob("src/*/package.xml")}
    assert packages - {"arshoe_annotate", "arshoe_bench", "arshoe_learning", "arshoe_trace"} <= depends


def test_shared_memory_holds_many_frames():
    namespace = "{http://www.eprosima.com}"
    profile = ElementTree.parse(LAUNCH / "config" / "fastdds_shared_memory.xml")
    (segment,) = profile.iter(f"{namespace}segment_size")
    (message,) = profile.iter(f"{namespace}maxMessageSize")
    assert int(segment.text) >= 4 * int(message.text) >= 16 * 1920 * 1080 * 3 // 8


@pytest.fixture
def read():
    """Read tryon.launch.yaml as the runner does; needs the built workspace."""
    launch_file = pytest.importorskip("launch_file", reason="needs ROS")
    packages = pytest.importorskip("ament_index_python.packages", reason="needs ROS")
    try:
        packages.get_package_share_directory("arshoe_render")
    except (packages.PackageNotFoundError, OSError):
        pytest.skip("the workspace is not built")

    def read(**given: str) -> dict:
        graph = launch_file.read_launch_file(LAUNCH / "tryon.launch.yaml", given, os.environ)
        return {process.name: process for process in graph.processes}

    return read


def test_the_graph(read):
    graph = read(camera="0", out="a folder")
    stages = ["source_node", "network_node", "pose_node", "stabilizer_node", "render_node"]
    assert list(graph) == [*stages, "marker_node", "recorder_node"]
    assert 'camera:="0"' in graph["source_node"].command
    assert 'out:="a folder"' in graph["recorder_node"].command
    for process in graph.values():
        assert "__ns:=/arshoe" in process.command
        assert process.respawn and process.respawn_delay == 2.0
        assert "image:=image" in process.command or process.name == "source_node"
        assert Path(process.environment["FASTDDS_DEFAULT_PROFILES_FILE"]).is_file() or os.environ.get(
            "FASTDDS_DEFAULT_PROFILES_FILE"
        )


def test_frames_from_a_topic(read):
    graph = read(topic="/camera/image_raw")
    assert "source_node" not in graph
    assert "image:=/camera/image_raw" in graph["stabilizer_node"].command


def test_core_pinning(read):
    assert read(cores="0-1")["pose_node"].command[:3] == ("taskset", "-c", "0-1")


def test_another_stabilizer(read):
    graph = read(stabilizer_pkg="arshoe_media", stabilizer_exec="source_node")
    assert any(part.endswith("lib/arshoe_media/source_node") for part in graph["stabilizer_node"].command)


def test_a_wrong_choice_is_named(read):
    from substitutions import LaunchError

    allowed = "arshoe_plus, arshoe, kalman, one_euro, none"
    with pytest.raises(LaunchError, match=f"stabilizer is 'magic'; allowed: {allowed}"):
        read(stabilizer="magic")
