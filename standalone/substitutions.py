"""Substitutions of ROS 2 launch files: $(var NAME) and its kin."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory


class LaunchError(Exception):
    """A launch file or launch argument that can't be used; the message is one line."""


def substitute(text: str, variables: Mapping[str, str], environment: Mapping[str, str], folder: Path) -> str:
    """Replace every $(…) in `text`; they may nest.

    Args:
        text: e.g. "$(find-pkg-share arshoe)/config/$(var name).yaml".
        variables: for $(var NAME).
        environment: for $(env NAME [DEFAULT]).
        folder: for $(dirname), the launch file's folder.

    Raises:
        LaunchError: unknown substitution, variable, environment variable or package; wrong arguments.
    """

    def var(name: str) -> str:
        if name not in variables:
            raise LaunchError(f"no variable {name!r}; there are: {', '.join(variables)}")
        return variables[name]

    def env(name: str, default: str | None = None) -> str:
        value = environment.get(name, default)
        if value is None:
            raise LaunchError(f"environment variable {name!r} is not set")
        return value

    functions = {
        "var": var,
        "env": env,
        "find-pkg-share": _find_pkg_share,
        "dirname": lambda: str(folder),
        "equals": lambda a, b: str(a == b).lower(),
        "not-equals": lambda a, b: str(a != b).lower(),
    }
    if '""' in text or "''" in text:
        raise LaunchError(f"launch can't read an empty string in {text!r}; compare as in $(equals _$(var name) _)")
    result, position = _replace(text, 0, functions, inside=False)
    assert position == len(text)
    return result


def _find_pkg_share(package: str) -> str:
    try:
        return get_package_share_directory(package)
    except (PackageNotFoundError, ValueError):
        raise LaunchError(f"no package {package!r} is installed") from None


def _replace(text: str, start: int, functions: dict[str, Callable[..., str]], inside: bool) -> tuple[str, int]:
    """Replace from `start` to the end, or `inside` a substitution to its closing bracket; returns text and end."""
    words: list[str] = []
    word: str | None = None
    quote = ""
    i = start
    while i < len(text):
        character = text[i]
        if text.startswith("$(", i):
            value, i = _replace(text, i + 2, functions, inside=True)
            word = (word or "") + value
            continue
        if inside and quote and character == quote:
            quote = ""
        elif inside and not quote and character in "\"'":
            quote, word = character, word or ""
        elif inside and not quote and character == ")":
            words += [] if word is None else [word]
            return _call(words, functions), i + 1
        elif inside and not quote and character.isspace():
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + character
        i += 1
    if inside:
        raise LaunchError(f"no closing bracket in {text!r}")
    return word or "", i


def _call(words: list[str], functions: dict[str, Callable[..., str]]) -> str:
    name, *arguments = words or [""]
    if name not in functions:
        raise LaunchError(f"unknown substitution $({name}); known: {', '.join(functions)}")
    try:
        return functions[name](*arguments)
    except TypeError:
        raise LaunchError(f"$({name}) does not take {len(arguments)} arguments") from None
