"""The part of the YAML launch format that the runner reads."""

import os
import sys
from pathlib import Path

import pytest
from launch_file import read_launch_file
from substitutions import LaunchError


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """An installed package `demo_pkg` with the executables `script` (Python) and `binary`; returns its prefix."""
    prefix = tmp_path / "an install"
    (prefix / "share/ament_index/resource_index/packages").mkdir(parents=True)
    (prefix / "share/ament_index/resource_index/packages/demo_pkg").touch()
    (prefix / "share/demo_pkg").mkdir()
    (prefix / "share/demo_pkg/config.yaml").touch()
    (prefix / "lib/demo_pkg").mkdir(parents=True)
    (prefix / "lib/demo_pkg/script").write_text("#!/somewhere else/bin/python\n")
    (prefix / "lib/demo_pkg/binary").write_bytes(b"\x7fELF")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(prefix))
    return prefix


@pytest.fixture
def read(tmp_path):
    """Read launch actions given as YAML text."""

    def read(text: str, **given: str):
        path = tmp_path / "test.launch.yaml"
        path.write_text("launch:\n" + text)
        return read_launch_file(path, given, {"HOME": "/home/me"})

    return read


def commands(graph) -> list[tuple[str, ...]]:
    return [process.command for process in graph.processes]


def test_arguments_and_variables(read):
    text = """
- arg: {name: shoe, default: sneaker, choice: [{value: sneaker}, {value: boot}], description: "which shoe"}
- let: {name: file, value: "$(var shoe)s.glb"}
- executable: {cmd: "show $(var file) $(env HOME) $(env NOPE none)"}
"""
    assert commands(read(text)) == [("show", "sneakers.glb", "/home/me", "none")]
    assert commands(read(text, shoe="boot")) == [("show", "boots.glb", "/home/me", "none")]
    (argument,) = read(text).arguments
    assert (argument.name, argument.default, argument.choices) == ("shoe", "sneaker", ("sneaker", "boot"))
    with pytest.raises(LaunchError, match="shoe is 'clog'; allowed: sneaker, boot"):
        read(text, shoe="clog")
    with pytest.raises(LaunchError, match="unknown launch argument 'sho'; allowed: shoe"):
        read(text, sho="boot")


def test_a_needed_argument_is_needed(read):
    with pytest.raises(LaunchError, match="'bag' is needed: what to play"):
        read("- arg: {name: bag, description: what to play}\n")


def test_words_with_spaces_stay_whole(read):
    text = """
- arg: {name: path, default: ""}
- executable: {cmd: "play $(var path)/bag", launch-prefix: "taskset -c 0,1"}
"""
    assert commands(read(text, path="/my videos")) == [("taskset", "-c", "0,1", "play", "/my videos/bag")]


def test_conditions(read):
    text = """
- arg: {name: out, default: ""}
- executable: {cmd: a, if: "true"}
- executable: {cmd: b, unless: true}
- executable: {cmd: c, if: $(not-equals _$(var out) _)}
- executable: {cmd: d, if: $(equals "_$(var out)" '_')}
"""
    assert commands(read(text)) == [("a",), ("d",)]
    assert commands(read(text, out="a folder")) == [("a",), ("c",)]


def test_groups_keep_what_they_set_to_themselves(read, package):
    graph = read("""
- group:
  - push_ros_namespace: {namespace: outer}
  - set_env: {name: SPEED, value: "1"}
  - group:
    - push_ros_namespace: {namespace: inner}
    - node: {pkg: demo_pkg, exec: binary}
  - node: {pkg: demo_pkg, exec: binary, namespace: /absolute}
- node: {pkg: demo_pkg, exec: binary}
""")
    binary = str(package / "lib/demo_pkg/binary")
    assert commands(graph) == [
        (binary, "--ros-args", "-r", "__ns:=/outer/inner"),
        (binary, "--ros-args", "-r", "__ns:=/absolute"),
        (binary,),
    ]
    assert [process.environment.get("SPEED") for process in graph.processes] == ["1", "1", None]


def test_node(read, package):
    graph = read(
        """
- arg: {name: camera, default: ""}
- node:
    pkg: demo_pkg
    exec: script
    name: source
    args: --verbose
    output: screen
    respawn: true
    respawn_delay: 2.0
    respawn_max_retries: 5
    param:
    - {from: $(find-pkg-share demo_pkg)/config.yaml}
    - {name: camera, value: $(var camera), type: str}
    - {name: fps, value: "30", type: float}
    - {name: lossless, value: "True", type: bool}
    - {name: threads, value: 2}
    remap:
    - {from: image, to: /camera/image}
""",
        camera="0",
    )
    (process,) = graph.processes
    assert process.command == (
        *(sys.executable, str(package / "lib/demo_pkg/script"), "--verbose", "--ros-args", "-r", "__node:=source"),
        *("-r", "image:=/camera/image", "--params-file", str(package / "share/demo_pkg/config.yaml")),
        *("-p", 'camera:="0"', "-p", "fps:=30.0", "-p", "lossless:=true", "-p", "threads:=2"),
    )
    assert (process.name, process.respawn, process.respawn_delay, process.respawn_max_retries) == ("source", True, 2, 5)


def test_include(read, tmp_path):
    (tmp_path / "other.launch.yaml").write_text("""
launch:
- arg: {name: color, default: red}
- arg: {name: size, default: small}
- executable: {cmd: paint $(var color) $(var size) $(dirname)}
""")
    graph = read(
        """
- include:
    file: $(dirname)/other.launch.yaml
    arg:
    - {name: color, value: blue}
""",
        size="big",
    )
    assert commands(graph) == [("paint", "blue", "big", str(tmp_path))]
    assert [argument.name for argument in graph.arguments] == ["color", "size"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("- timer: {period: 1.0}\n", 2, "unknown action 'timer'; known: group, arg"),
        ("- arg: {name: a, default: b}\n- executable: {cmd: x, shell: true}\n", 3, "unknown key 'shell' in executable"),
        ("- node: {pkg: demo_pkg}\n", 2, "node needs the key 'exec'"),
        ("- let: {name: a, value: $(var b)}\n", 2, "no variable 'b'"),
        ("- let: {name: a, value: $(eval 1)}\n", 2, r"unknown substitution \$\(eval\); known: var"),
        ("- let: {name: a, value: $(var}\n", 2, "no closing bracket"),
        ('- let: {name: a, value: $(equals a "")}\n', 2, "launch can't read an empty string"),
        ("- let: {name: a, value: $(var a b)}\n", 2, "does not take 2 arguments"),
        ("- executable: {cmd: a, if: maybe}\n", 2, "if is 'maybe'; allowed: true, false"),
        ("- group:\n  - arg: {name: a, default: b}\n  - what\n", 3, "each list item must be one action"),
        ("- node:\n    pkg: demo_pkg\n    exec: binary\n    param:\n    - {name: a}\n", 6, "param needs"),
        ("- node:\n    pkg: demo_pkg\n    exec: binary\n    remap:\n    - {from: a}\n", 6, "remap needs the keys"),
    ],
)
def test_errors_name_the_line(read, package, text, line, message):
    with pytest.raises(LaunchError, match=f"test.launch.yaml:{line}: .*{message}"):
        read(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- node: {pkg: nowhere, exec: a}\n", "no package 'nowhere' is installed"),
        ("- node: {pkg: demo_pkg, exec: a}\n", "no executable 'a'; it has: binary, script"),
        ("- node:\n    pkg: demo_pkg\n    exec: binary\n    param: [{from: a.yaml}]\n", "no parameter file a.yaml"),
        (
            "- node:\n    pkg: demo_pkg\n    exec: binary\n    param: [{name: fps, value: fast, type: float}]\n",
            r"fps is 'fast'; allowed: a number \(float\)",
        ),
    ],
)
def test_errors_name_value_and_remedy(read, package, text, message):
    with pytest.raises(LaunchError, match=message):
        read(text)


def test_a_file_that_is_no_launch_file(tmp_path):
    path = tmp_path / "a.yaml"
    with pytest.raises(LaunchError, match="can't read"):
        read_launch_file(path, {}, os.environ)
    for text in ("- 1", "launch: [", "nodes: []"):
        path.write_text(text)
        with pytest.raises(LaunchError, match=r"a\.yaml"):
            read_launch_file(path, {}, os.environ)
