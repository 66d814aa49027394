"""CvBridge: images between OpenCV arrays and ROS messages. Same calls as ROS's cv_bridge."""

from cv_bridge.bridge import CvBridge, CvBridgeError

__all__ = ["CvBridge", "CvBridgeError"]
