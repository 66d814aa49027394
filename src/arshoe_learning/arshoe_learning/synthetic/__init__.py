"""Synthetic pictures of feet with exact labels: body, coverings, scene, camera, photograph."""
