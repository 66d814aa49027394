"""Shoes, an OpenGL renderer, occlusion by the leg and compositing."""

from arshoe_render.try_on import TryOnConfig, TryOnRenderer

__all__ = ["TryOnConfig", "TryOnRenderer"]
