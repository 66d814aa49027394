"""The geometry behind the GL renderer: projections of camera and light, and where a lens's model ends."""

import numpy as np

from arshoe_core.camera import Camera

MIN_NEAR = 0.01


def projection_matrix(camera: Camera, near: float, far: float) -> np.ndarray:
    """Clip space from the camera frame (4, 4): pixel (u, v) lands on texel (u, v), row 0 at the bottom for GL."""
    return np.array(
        [
            [2 * camera.fx / camera.width, 0, 2 * (camera.cx + 0.5) / camera.width - 1, 0],
            [0, 2 * camera.fy / camera.height, 2 * (camera.cy + 0.5) / camera.height - 1, 0],
            [0, 0, (far + near) / (far - near), -2 * far * near / (far - near)],
            [0, 0, 1, 0],
        ]
    )


def depth_range(spheres: list[tuple[np.ndarray, float]]) -> tuple[float, float]:
    """The nearest and farthest z of bounding spheres (centre (3,) in the camera frame, radius), with some room."""
    near = min((c[2] - r for c, r in spheres), default=1.0)
    far = max((c[2] + r for c, r in spheres), default=1.0)
    near = max(near * 0.99, MIN_NEAR)
    return near, max(far * 1.01, near * 1.1)


def light_matrix(spheres: list[tuple[np.ndarray, float]], direction: np.ndarray) -> np.ndarray:
    """Orthographic clip space of the directional light around the spheres, from the camera frame (4, 4)."""
    low = np.min([c - r for c, r in spheres], 0)
    high = np.max([c + r for c, r in spheres], 0)
    centre, radius = (low + high) / 2, np.linalg.norm(high - low) / 2
    z = -np.asarray(direction, np.float64) / np.linalg.norm(direction)
    x = np.cross(z, np.eye(3)[np.abs(z).argmin()])
    x /= np.linalg.norm(x)
    R = np.stack([x, np.cross(z, x), z]) / radius
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R, -R @ centre
    return T


def largest_r2(distortion: tuple[float, ...]) -> float:
    """The square of the radius (x / z, y / z) from which on the radial model folds back; 1e9 if it never does."""
    k1, k2, _, _, k3 = distortion
    # d/dr of r (1 + k1 r^2 + k2 r^4 + k3 r^6), a polynomial in r^2
    roots = np.roots(np.trim_zeros([7 * k3, 5 * k2, 3 * k1, 1.0], "f"))
    positive = roots.real[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)]
    return float(positive.min(initial=1e9))
