"""Finds feet in a picture: network, keypoints, grouping, pose. Importing it loads neither torch nor onnxruntime."""

from importlib import import_module
from typing import Any

_HOMES = {
    "FootEstimate": "foot_estimator",
    "FootEstimator": "foot_estimator",
    "FootEstimatorConfig": "foot_estimator",
    "NetworkConfig": "network_runner",
    "NetworkRunner": "network_runner",
    "PoseConfig": "pose_estimator",
    "PoseEstimator": "pose_estimator",
}
__all__ = tuple(_HOMES)


def __getattr__(name: str) -> Any:
    """Import what `arshoe_perception.NAME` stands for when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
