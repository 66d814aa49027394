"""ROS parameters from a frozen dataclass made with `arshoe_core.parameters`."""

from dataclasses import fields
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from arshoe_core.parameters import ParameterInfo

Config = TypeVar("Config")


def declare(node: Node, config_class: type[Config], live: tuple[str, ...] = ()) -> Config:
    """Declare every field as a ROS parameter and build the config from the values given on start.

    Args:
        live: names of fields that may be set while the node runs; all others are read-only.

    Raises:
        BadInputError: a value has the wrong type or is out of range.
    """
    # Dynamic typing, since the command line and YAML read `fps:=30` and `camera:=0` as integers.
    free = ParameterDescriptor(dynamic_typing=True)
    values = {f.name: node.declare_parameter(f.name, f.default, free).value for f in fields(config_class)}
    config = config_class(**{f.name: _as_declared(values[f.name], f.default) for f in fields(config_class)})
    # Only now the limits: the config's own errors say more than rclpy's.
    for f in fields(config_class):
        node.set_descriptor(f.name, _descriptor(f.metadata["parameter"], f.default, read_only=f.name not in live))
    return config


def _descriptor(limits: ParameterInfo, default: Any, read_only: bool) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=limits.description, read_only=read_only, dynamic_typing=True)
    if limits.choices:
        descriptor.additional_constraints = f"one of: {', '.join(map(str, limits.choices))}"
    elif limits.low is not None and limits.high is not None and isinstance(default, float):
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=float(limits.low), to_value=float(limits.high))
        ]
    elif limits.low is not None and limits.high is not None:
        descriptor.integer_range = [IntegerRange(from_value=int(limits.low), to_value=int(limits.high), step=1)]
    return descriptor


def _as_declared(value: Any, default: Any) -> Any:
    """A text parameter keeps the text of a number; everything else is left to the config's own checks."""
    if isinstance(default, str) and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value
