"""Quality of service of the graph's topics; docs/architecture.md has the table. Each can be overridden."""

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

RELIABLE = QoSProfile(depth=5, history=HistoryPolicy.KEEP_LAST, reliability=ReliabilityPolicy.RELIABLE)
CAMERA_INFO = QoSProfile(depth=5, history=HistoryPolicy.KEEP_LAST, reliability=ReliabilityPolicy.BEST_EFFORT)
"""For subscribing: drivers publish it either way, and a best-effort subscription takes both."""
DIAGNOSTICS = QoSProfile(depth=50, history=HistoryPolicy.KEEP_LAST, reliability=ReliabilityPolicy.RELIABLE)
TIMING = QoSProfile(depth=100, history=HistoryPolicy.KEEP_LAST, reliability=ReliabilityPolicy.RELIABLE)
END_OF_STREAM = QoSProfile(
    depth=1,
    history=HistoryPolicy.KEEP_LAST,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


def image(lossless: bool) -> QoSProfile:
    """For images and masks: best effort and shallow, or reliable when no frame may be lost."""
    if lossless:
        return RELIABLE
    return QoSProfile(depth=2, history=HistoryPolicy.KEEP_LAST, reliability=ReliabilityPolicy.BEST_EFFORT)


def queued_image(lossless: bool) -> QoSProfile:
    """For subscribing to images that wait for the result of later stages: as `image`, but as deep as that may take."""
    if lossless:
        return RELIABLE
    return QoSProfile(depth=10, history=HistoryPolicy.KEEP_LAST, reliability=ReliabilityPolicy.BEST_EFFORT)


def overridable() -> QoSOverridingOptions:
    """Lets `qos_overrides./topic.publisher.depth` and the like change a publisher or subscription."""
    return QoSOverridingOptions.with_default_policies()
