"""Reads a ROS 2 YAML launch file: the part of the format that this project uses.

Known are arg, let, set_env, push_ros_namespace, group, include, executable and node, with if and unless, and the
substitutions $(var), $(env), $(find-pkg-share), $(dirname), $(equals) and $(not-equals). Anything else is an error
that names file and line.
"""

import json
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from substitutions import LaunchError, substitute


@dataclass(frozen=True)
class Argument:
    """A launch argument that a file declares; without a default it must be given."""

    name: str
    description: str = ""
    default: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Process:
    """A process to start.

    Attributes:
        name: for messages; the node's name where it is a node.
        command: executable and arguments.
        environment: all of it.
        respawn: whether to start it again when it has crashed.
        respawn_delay: seconds to wait before that.
        respawn_max_retries: how many times, -1 = always.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    respawn: bool = False
    respawn_delay: float = 0.0
    respawn_max_retries: int = -1


@dataclass(frozen=True)
class Graph:
    """What a launch file says: the processes to start, and the arguments it takes."""

    processes: tuple[Process, ...]
    arguments: tuple[Argument, ...]


def read_launch_file(path: Path, given: Mapping[str, str], environment: Mapping[str, str]) -> Graph:
    """Read a launch file and what it includes.

    Args:
        path: the YAML file.
        given: launch arguments by name.
        environment: environment variables that the processes start with.

    Raises:
        LaunchError: what is wrong, in one line; with file and line where the file is at fault.
    """
    reader = _Reader(given)
    reader.read_file(path, _Scope({}, dict(environment), "", path.parent))
    declared = tuple(reader.arguments.values())
    unknown = [name for name in given if name not in reader.arguments]
    if unknown:
        allowed = ", ".join(argument.name for argument in declared)
        raise LaunchError(f"unknown launch argument {unknown[0]!r}; allowed: {allowed}")
    return Graph(tuple(reader.processes), declared)


@dataclass
class _Scope:
    """What holds from one entity to the next, until the end of the group or file."""

    variables: dict[str, str]
    environment: dict[str, str]
    namespace: str
    folder: Path

    def inner(self) -> "_Scope":
        return replace(self, variables=dict(self.variables), environment=dict(self.environment))


class _Entity(dict):
    """A mapping of the YAML file that knows its line."""

    line = 0


class _Loader(yaml.SafeLoader):
    pass


def _construct_entity(loader: _Loader, node: yaml.MappingNode):
    entity = _Entity()
    entity.line = node.start_mark.line + 1
    yield entity
    entity.update(loader.construct_mapping(node))


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_entity)

_KEYS = {
    "arg": {"name", "default", "description", "choice"},
    "let": {"name", "value"},
    "set_env": {"name", "value"},
    "push_ros_namespace": {"namespace"},
    "include": {"file", "arg"},
    "executable": {"cmd", "name"},
    "node": {"pkg", "exec", "name", "namespace", "args", "param", "remap"},
}
_REQUIRED = {
    "arg": {"name"},
    "let": {"name", "value"},
    "set_env": {"name", "value"},
    "push_ros_namespace": {"namespace"},
    "include": {"file"},
    "executable": {"cmd"},
    "node": {"pkg", "exec"},
}
_PROCESS_KEYS = {"output", "launch-prefix", "respawn", "respawn_delay", "respawn_max_retries"}
_TYPES = {"str": str, "int": int, "float": float, "bool": bool}


class _Reader:
    """Walks a file from top to bottom, as launch executes it."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given
        self.arguments: dict[str, Argument] = {}
        self.processes: list[Process] = []
        self._path = Path()
        self._line = 0

    def read_file(self, path: Path, scope: _Scope) -> None:
        try:
            with path.open() as file:
                tree = yaml.load(file, _Loader)
        except OSError as error:
            raise LaunchError(f"can't read launch file {path}: {error.strerror}") from error
        except yaml.YAMLError as error:
            raise LaunchError(f"{path}: {' '.join(str(error).split())}") from error
        outer, self._path, self._line = (self._path, self._line), path, 1
        if not isinstance(tree, dict) or list(tree) != ["launch"]:
            raise self._error("a launch file has one key, 'launch'")
        self._children(tree["launch"], scope)
        self._path, self._line = outer

    def _children(self, children: object, scope: _Scope) -> None:
        if not isinstance(children, list):
            raise self._error("a list of actions is needed here")
        for child in children:
            if not isinstance(child, _Entity) or len(child) != 1:
                raise self._error("each list item must be one action, e.g. '- node: …'")
            self._line = child.line
            ((kind, entity),) = child.items()
            self._action(kind, entity, scope)

    def _action(self, kind: str, entity: object, scope: _Scope) -> None:
        if kind == "group":
            children = entity.get("children") if isinstance(entity, _Entity) else entity
            if isinstance(entity, _Entity):
                self._check_keys(kind, entity, {"children"}, {"children"})
                if not self._condition(entity, scope):
                    return
            self._children(children, scope.inner())
            return
        if kind not in _KEYS:
            raise self._error(f"unknown action {kind!r}; known: group, {', '.join(_KEYS)}")
        if not isinstance(entity, _Entity):
            raise self._error(f"{kind} needs keys: {', '.join(sorted(_KEYS[kind]))}")
        self._check_keys(kind, entity, _KEYS[kind], _REQUIRED[kind])
        if self._condition(entity, scope):
            getattr(self, f"_do_{kind}")(entity, scope)

    def _check_keys(self, kind: str, entity: _Entity, known: set[str], required: set[str]) -> None:
        known = known | {"if", "unless"} | (_PROCESS_KEYS if kind in ("node", "executable") else set())
        if unknown := [key for key in entity if key not in known]:
            raise self._error(f"unknown key {unknown[0]!r} in {kind}; known: {', '.join(sorted(known))}")
        if missing := sorted(required - set(entity)):
            raise self._error(f"{kind} needs the key {missing[0]!r}")

    def _condition(self, entity: _Entity, scope: _Scope) -> bool:
        for key, wanted in (("if", True), ("unless", False)):
            if key in entity and self._bool(self._text(entity[key], scope), key) is not wanted:
                return False
        return True

    # Actions

    def _do_arg(self, entity: _Entity, scope: _Scope) -> None:
        name = self._text(entity["name"], scope)
        default = self._text(entity["default"], scope) if "default" in entity else None
        choices = tuple(self._text(choice["value"], scope) for choice in self._items(entity, "choice", {"value"}))
        self.arguments[name] = Argument(name, self._text(entity.get("description", ""), scope), default, choices)
        # As in launch: what an including file set comes first, then the command line, then the default.
        value = scope.variables.get(name, self.given.get(name, default))
        if value is None:
            raise LaunchError(f"launch argument {name!r} is needed: {self.arguments[name].description}")
        if choices and value not in choices:
            raise LaunchError(f"{name} is {value!r}; allowed: {', '.join(choices)}")
        scope.variables[name] = value

    def _do_let(self, entity: _Entity, scope: _Scope) -> None:
        scope.variables[self._text(entity["name"], scope)] = self._text(entity["value"], scope)

    def _do_set_env(self, entity: _Entity, scope: _Scope) -> None:
        scope.environment[self._text(entity["name"], scope)] = self._text(entity["value"], scope)

    def _do_push_ros_namespace(self, entity: _Entity, scope: _Scope) -> None:
        scope.namespace = _join_namespace(scope.namespace, self._text(entity["namespace"], scope))

    def _do_include(self, entity: _Entity, scope: _Scope) -> None:
        path = Path(self._text(entity["file"], scope))
        if not path.name.endswith((".yaml", ".yml")):
            raise self._error(f"only YAML launch files can be included, not {path.name}")
        inner = replace(scope.inner(), folder=path.parent)
        for argument in entity.get("arg", ()):
            inner.variables[self._text(argument["name"], scope)] = self._text(argument["value"], scope)
        self.read_file(path, inner)

    def _do_executable(self, entity: _Entity, scope: _Scope) -> None:
        command = self._words(entity["cmd"], scope)
        self._add(entity, scope, self._text(entity.get("name", Path(command[0]).name), scope), command)

    def _do_node(self, entity: _Entity, scope: _Scope) -> None:
        package, executable = self._text(entity["pkg"], scope), self._text(entity["exec"], scope)
        command = self._find_executable(package, executable)
        if "args" in entity:
            command += self._words(entity["args"], scope)
        ros_arguments = []
        if "name" in entity:
            ros_arguments += ["-r", f"__node:={self._text(entity['name'], scope)}"]
        namespace = _join_namespace(scope.namespace, self._text(entity.get("namespace", ""), scope))
        if namespace:
            ros_arguments += ["-r", f"__ns:={namespace}"]
        for remap in self._items(entity, "remap", {"from", "to"}):
            ros_arguments += ["-r", f"{self._text(remap['from'], scope)}:={self._text(remap['to'], scope)}"]
        for parameter in self._items(entity, "param", set()):
            ros_arguments += self._parameter(parameter, scope)
        if ros_arguments:
            command += ["--ros-args", *ros_arguments]
        self._add(entity, scope, self._text(entity.get("name", executable), scope), command)

    def _items(self, entity: _Entity, key: str, needed: set[str]) -> list[_Entity]:
        items = entity.get(key, [])
        for item in items if isinstance(items, list) else [items]:
            if not isinstance(item, _Entity):
                raise self._error(f"{key} needs a list of mappings")
            self._line = item.line
            if needed and set(item) != needed:
                raise self._error(f"{key} needs the keys {', '.join(sorted(needed))}")
        return items

    def _parameter(self, parameter: _Entity, scope: _Scope) -> list[str]:
        self._line = parameter.line
        if set(parameter) == {"from"}:
            path = Path(self._text(parameter["from"], scope))
            if not path.is_file():
                raise self._error(f"no parameter file {path}")
            return ["--params-file", str(path)]
        if not {"name", "value"} <= set(parameter) <= {"name", "value", "type"}:
            raise self._error("param needs the key 'from', or 'name', 'value' and perhaps 'type'")
        name, value = self._text(parameter["name"], scope), parameter["value"]
        type_name = parameter.get("type")
        if type_name is not None and type_name not in _TYPES:
            raise self._error(f"type is {type_name!r}; allowed: {', '.join(_TYPES)}")
        if isinstance(value, str):
            value = self._typed(name, self._text(value, scope), type_name)
        # JSON is YAML that keeps the types apart: "0" stays a string.
        return ["-p", f"{name}:={json.dumps(value, ensure_ascii=False)}"]

    def _typed(self, name: str, text: str, type_name: str | None) -> object:
        if type_name is None:
            return yaml.safe_load(text)
        if type_name == "bool":
            return self._bool(text, name)
        try:
            return _TYPES[type_name](text)
        except ValueError:
            raise LaunchError(f"{name} is {text!r}; allowed: a number ({type_name})") from None

    def _add(self, entity: _Entity, scope: _Scope, name: str, command: list[str]) -> None:
        prefix = shlex.split(self._text(entity.get("launch-prefix", ""), scope))
        self.processes.append(
            Process(
                name=name,
                command=(*prefix, *command),
                environment=dict(scope.environment),
                respawn=self._bool(self._text(entity.get("respawn", "false"), scope), "respawn"),
                respawn_delay=float(entity.get("respawn_delay", 0.0)),
                respawn_max_retries=int(entity.get("respawn_max_retries", -1)),
            )
        )

    # Values

    def _find_executable(self, package: str, name: str) -> list[str]:
        try:
            folder = Path(get_package_prefix(package)) / "lib" / package
        except (PackageNotFoundError, ValueError):
            raise LaunchError(f"no package {package!r} is installed (wanted for its executable {name!r})") from None
        path = folder / name
        if not path.is_file():
            found = ", ".join(sorted(p.name for p in folder.glob("*"))) or "none"
            raise LaunchError(f"package {package!r} has no executable {name!r}; it has: {found}")
        with path.open("rb") as file:
            first_line = file.readline()
        # Not by its "#!" line, which can't hold a path with spaces.
        is_python = first_line.startswith(b"#!") and b"python" in first_line
        return [sys.executable, str(path)] if is_python else [str(path)]

    def _text(self, value: object, scope: _Scope) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if not isinstance(value, str | int | float):
            raise self._error(f"a plain value is needed, not {value!r}")
        try:
            return substitute(str(value), scope.variables, scope.environment, scope.folder)
        except LaunchError as error:
            raise self._error(str(error)) from error

    def _words(self, text: object, scope: _Scope) -> list[str]:
        """Split at spaces, then substitute, so that a path with spaces stays one word (as launch does)."""
        text = str(text)
        if set("\"'") & set(text):
            raise self._error("quotes are not supported here; words are split at spaces")
        return [self._text(word, scope) for word in re.findall(r"(?:\$\([^)]*\)|\S)+", text)]

    def _bool(self, text: str, name: str) -> bool:
        if text.lower() not in ("true", "false", "1", "0"):
            raise self._error(f"{name} is {text!r}; allowed: true, false")
        return text.lower() in ("true", "1")

    def _error(self, message: str) -> LaunchError:
        return LaunchError(f"{self._path}:{self._line}: {message}")


def _join_namespace(outer: str, inner: str) -> str:
    if not inner or inner.startswith("/"):
        return inner or outer
    return f"{outer}/{inner}"
