"""Parameters as fields of a frozen dataclass: the only place of a default, its description and its limits.

@dataclass(frozen=True)
class PoseConfig:
    foot_length: float = parameter(0.26, "length of the wearer's foot, m", low=0.1, high=0.4)

    def __post_init__(self) -> None:
        validate(self)
"""

from dataclasses import dataclass, field, fields
from typing import Any

from arshoe_core.errors import BadInputError, require_choice, require_range


@dataclass(frozen=True)
class ParameterInfo:
    """What is known of one parameter beside its name, type and default."""

    description: str
    choices: tuple = ()
    low: float | None = None
    high: float | None = None


def parameter(
    default: Any, description: str, *, choices: tuple = (), low: float | None = None, high: float | None = None
) -> Any:
    """A dataclass field with a default, a description (say the unit) and either choices or an inclusive range."""
    return field(default=default, metadata={"parameter": ParameterInfo(description, choices, low, high)})


def info(config: Any, name: str) -> ParameterInfo:
    """The `ParameterInfo` of a field of a config class or object."""
    return next(f.metadata["parameter"] for f in fields(config) if f.name == name)


def validate(config: Any) -> None:
    """Check every field of a config made with `parameter` against its type, choices and range.

    Raises:
        BadInputError: naming the field, its value and what is allowed.
    """
    for f in fields(config):
        value, limits = getattr(config, f.name), f.metadata["parameter"]
        if isinstance(f.default, float) and isinstance(value, int) and not isinstance(value, bool):
            object.__setattr__(config, f.name, float(value))
        elif type(value) is not type(f.default):
            raise BadInputError(f"{f.name} is {value!r}; allowed: {type(f.default).__name__}, {limits.description}")
        if limits.choices:
            require_choice(f.name, value, limits.choices)
        if limits.low is not None and limits.high is not None:
            require_range(f.name, value, limits.low, limits.high)
