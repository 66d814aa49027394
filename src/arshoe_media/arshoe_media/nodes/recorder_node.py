"""poses, timing, camera_info, /ground_truth/poses, for the video tryon -> tryon.mp4, poses.jsonl, summary.json."""

from dataclasses import dataclass
from pathlib import Path

from sensor_msgs.msg import Image
from std_msgs.msg import Header

from arshoe_core.parameters import parameter, validate
from arshoe_media.latency import RENDER
from arshoe_media.recorder import Recorder
from arshoe_msgs.msg import FootPoseArray, FrameTiming
from arshoe_ros import conversions, images, parameters, qos
from arshoe_ros.node import ArshoeNode
from arshoe_ros.runner import run_node

LIVE_FRAMES = 60
NODES = ("network", "pose", "stabilizer", "render")


@dataclass(frozen=True)
class RecorderConfig:
    """What is written."""

    out: str = parameter("", "folder for tryon.mp4, poses.jsonl and summary.json; empty writes nothing")
    mp4: bool = parameter(True, "write tryon.mp4 to it too")
    live: bool = parameter(True, "log frame rate and latency once a second")

    def __post_init__(self) -> None:
        validate(self)


class RecorderNode(ArshoeNode):
    """Records the run, shows rate and latency while it goes and sums up at the end."""

    def __init__(self) -> None:
        super().__init__("recorder_node")
        self.config = parameters.declare(self, RecorderConfig)
        self.recorder = Recorder(Path(self.config.out).expanduser() if self.config.out else None, self.config.mp4)
        self.last_picture_ns = 0
        self.subscribe_to_camera_info()
        if self.recorder.wants_pictures:
            self.subscribe_to(Image, "tryon", self.on_tryon, qos.image(self.lossless))
        # Many small messages: waking up for each would cost more than a stage of the pipeline does.
        self.queues = (
            self.queue_of(FootPoseArray, "/ground_truth/poses", self.on_ground_truth, qos.TIMING),
            self.queue_of(FrameTiming, "timing", self.on_timing, qos.TIMING),
            self.queue_of(FootPoseArray, "poses", self.on_poses, qos.TIMING),
        )
        self.steady_timer(0.1, self.take_queued)
        if self.config.live:
            self.steady_timer(1.0, self.show)

    def take_queued(self) -> None:
        """Take what has come since the last time."""
        for queue in self.queues:
            queue.take_all()

    def on_tryon(self, msg: Image) -> None:
        """Write a picture."""
        with self.frame(msg.header), self.stages("write"):
            self.last_picture_ns = conversions.stamp_ns(msg.header)
            self.recorder.add_picture(self.last_picture_ns, images.to_bgr(msg))

    def on_poses(self, msg: FootPoseArray) -> None:
        """Record the poses of a frame."""
        if (info := self.camera_info()) is not None:
            self.recorder.camera = self.camera(info.width, info.height)
        self.recorder.add_poses(conversions.stamp_ns(msg.header), conversions.poses_from_msg(msg))

    def on_ground_truth(self, msg: FootPoseArray) -> None:
        """Keep the true poses of a frame."""
        self.recorder.add_ground_truth(conversions.stamp_ns(msg.header), conversions.poses_from_msg(msg))

    def on_timing(self, msg: FrameTiming) -> None:
        """Take the timing of one node and one frame."""
        if msg.node != self.get_name():
            stamp_ns = conversions.stamp_ns(msg.header)
            if msg.node == RENDER and not self.recorder.wants_pictures:
                self.last_picture_ns = stamp_ns
            self.recorder.latency.add(stamp_ns, msg.node, msg.start_ns, msg.end_ns, msg.stages, msg.stage_us)

    def show(self) -> None:
        """Log the last second or two."""
        if self.recorder.latency.fps(LIVE_FRAMES):
            self.get_logger().info(live_line(self.recorder))

    def finished(self, end: Header, idle_s: float) -> bool:
        """The last picture has come, or nobody makes pictures any more; or give up after 10 s of silence."""
        complete = self.last_picture_ns == conversions.stamp_ns(end) or not self.count_publishers("tryon")
        return idle_s > (self.IDLE_S if complete else 10.0)

    def close(self) -> None:
        """Finish the files and sum up."""
        self.take_queued()
        for line in summary_lines(self.recorder.close()):
            self.get_logger().info(line)
        if self.config.out:
            self.get_logger().info(f"written: {self.config.out}")


def live_line(recorder: Recorder) -> str:
    """Rate, latency and the time of each node over the last frames."""
    latency = recorder.latency
    total, stages = latency.latency_ms(LIVE_FRAMES), latency.stages_ms(LIVE_FRAMES)
    parts = [f"{latency.fps(LIVE_FRAMES):5.1f} fps", f"latency p50 {_ms(total['p50'])} p95 {_ms(total['p95'])}"]
    parts += [f"{node} {_ms(stages[node]['p50'])}" for node in NODES if node in stages]
    return " | ".join([*parts, f"frame {recorder.frames_out} of {latency.frames_in}"])


def summary_lines(summary: dict) -> list[str]:
    """The summary in words."""
    latency = summary["latency_ms"]
    lines = [
        f"{summary['frames_out']} of {summary['frames_in']} frames in {summary['duration_s']:.1f} s, "
        f"{summary['fps']:.1f} fps, latency p50 {_ms(latency['p50'])} p95 {_ms(latency['p95'])}"
    ]
    if truth := summary.get("ground_truth"):
        lines.append(
            f"against the ground truth: {truth['matched']} of {truth['feet']} feet found, "
            f"median error {truth['rot_deg']} deg, {truth['trans_cm']} cm"
        )
    return lines


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"


def main(args: list[str] | None = None) -> int:
    """Run the node."""
    return run_node(RecorderNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
