"""Pinhole camera with plumb_bob distortion, in the optical frame (x right, y down, z forward)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from arshoe_core.errors import BadInputError

DEFAULT_HORIZONTAL_FOV = np.deg2rad(65.0)
"""Used where no CameraInfo is known: about a phone's main camera (26 mm equivalent) in landscape."""


@dataclass(frozen=True)
class Camera:
    """Intrinsics in pixels; (0, 0) is the centre of the top-left pixel.

    Attributes:
        width, height: image size in pixels.
        fx, fy, cx, cy: focal lengths and principal point in pixels.
        distortion: plumb_bob k1, k2, p1, p2, k3, or empty for none.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise BadInputError(f"camera size is {self.width}x{self.height}; both must be positive")
        if not (self.fx > 0 and self.fy > 0):
            raise BadInputError(f"focal length is {self.fx}, {self.fy} px; both must be positive")
        if len(self.distortion) not in (0, 5):
            raise BadInputError(f"distortion has {len(self.distortion)} numbers; allowed: 0 or 5 (plumb_bob)")

    @classmethod
    def from_fov(cls, width: int, height: int, horizontal_fov: float = DEFAULT_HORIZONTAL_FOV) -> "Camera":
        """A camera with square pixels and a centred principal point.

        Args:
            horizontal_fov: radians across the longer image side, so that a portrait picture of the same
                camera keeps its focal length.
        """
        focal = max(width, height) / 2 / np.tan(horizontal_fov / 2)
        return cls(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)

    @classmethod
    def from_calibration(
        cls, width: int, height: int, K: Sequence[float], model: str, distortion: Sequence[float]
    ) -> "Camera":
        """The camera of a sensor_msgs/CameraInfo.

        Args:
            K: 9 numbers, row-major.
            model: name of the distortion model; only plumb_bob can be used unless all of `distortion` is zero.
            distortion: k1, k2, p1, p2 and perhaps k3.

        Raises:
            BadInputError: another distortion model, or a focal length of 0 (an uncalibrated camera).
        """
        distortion = tuple(map(float, distortion))
        if not any(distortion):
            distortion = ()
        elif model != "plumb_bob" or len(distortion) not in (4, 5):
            raise BadInputError(
                f"distortion model is {model!r} with {len(distortion)} numbers; allowed: plumb_bob with 4 or 5 "
                "(rectify the images, e.g. with image_proc, to use other lenses)"
            )
        elif len(distortion) == 4:
            distortion += (0.0,)
        return cls(width, height, float(K[0]), float(K[4]), float(K[2]), float(K[5]), distortion)

    @property
    def K(self) -> np.ndarray:
        """The camera matrix (3, 3), float64."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]])

    @property
    def distortion_array(self) -> np.ndarray:
        """Distortion as OpenCV takes it: (5,) float64, zeros for none."""
        return np.array(self.distortion or (0.0,) * 5)

    def resized(self, width: int, height: int) -> "Camera":
        """The same camera for the picture scaled to width x height pixels."""
        sx, sy = width / self.width, height / self.height
        return replace(
            self, width=width, height=height, fx=self.fx * sx, fy=self.fy * sy,
            cx=(self.cx + 0.5) * sx - 0.5, cy=(self.cy + 0.5) * sy - 0.5,
        )  # fmt: skip

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project points (..., 3) of the camera frame in metres to pixels (..., 2), NaN where z <= 0."""
        points = np.asarray(points, dtype=np.float64)
        z = points[..., 2:3]
        xy = points[..., :2] / np.where(z > 0, z, np.nan)
        if self.distortion:
            xy = self._distort(xy)
        return xy * (self.fx, self.fy) + (self.cx, self.cy)

    def _distort(self, xy: np.ndarray) -> np.ndarray:
        k1, k2, p1, p2, k3 = self.distortion
        x, y = xy[..., 0], xy[..., 1]
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        dx = 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
        dy = p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        return np.stack([x * radial + dx, y * radial + dy], -1)
