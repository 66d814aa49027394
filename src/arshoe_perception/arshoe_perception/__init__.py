"""Finds feet in a picture: network, keypoints, grouping, pose. Importing it loads neither torch nor onnxruntime."""
