"""Benchmarks: speed of every stage, accuracy of pose, stabilisation and occlusion. Nothing imports this package."""
