import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed here")
