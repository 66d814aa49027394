"""Steadies foot poses from frame to frame: optical flow, tracking, stabilisation methods."""

from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.stabilizer import Stabilizer

__all__ = ("Stabilizer", "StabilizerConfig")
