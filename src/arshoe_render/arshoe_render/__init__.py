"""Shoes, an OpenGL renderer, occlusion by the leg and compositing."""
