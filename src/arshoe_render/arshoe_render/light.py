"""What lights a scene: ambient light as nine spherical-harmonic terms, and one directional light."""

from dataclasses import dataclass

import numpy as np

_CODES = np.arange(256) / 255.0
SRGB_TO_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4)
"""(256,) the light of each 8-bit sRGB number."""
_BAND_FACTOR = np.array([1.0] + [2 / 3] * 3 + [1 / 4] * 5)
"""Convolution of a radiance band with the clamped cosine, divided by pi (Ramamoorthi and Hanrahan, 2001)."""
SH_FACTORS = np.array([0.282095] + [0.488603] * 3 + [1.092548] * 2 + [0.315392, 1.092548, 0.546274])
"""Of the real spherical harmonics 1, y, z, x, xy, yz, 3z^2 - 1, xz, x^2 - y^2."""


@dataclass(frozen=True)
class Light:
    """Light in the camera frame, in linear RGB. 1 is what makes a white diffuse surface white.

    Attributes:
        sh: (9, 3), ambient light a white diffuse surface of normal n sends on: `sh_basis(n) @ sh`.
        direction: (3,) unit vector towards the directional light.
        color: (3,) what a white diffuse surface facing that light sends on.
        shadow: whether the directional light casts shadows.
    """

    sh: np.ndarray
    direction: np.ndarray
    color: np.ndarray
    shadow: bool = False

    @classmethod
    def studio(cls, up: np.ndarray, ambient: float = 0.55, key: float = 0.6, shadow: bool = False) -> "Light":
        """A soft light from above with a brighter key light, for previews and as a default.

        Args:
            up: (3,) the scene's up in the camera frame.
            ambient: mean ambient level.
            key: level of the directional light.
        """
        up = np.asarray(up, np.float64) / np.linalg.norm(up)
        side = np.cross(up, (0.0, 0.0, 1.0))
        direction = up + 0.55 * side + np.array([0, 0, -0.45])
        return cls(sky_sh(up, ambient), direction / np.linalg.norm(direction), np.full(3, key), shadow)


def sh_basis(directions: np.ndarray) -> np.ndarray:
    """The nine real spherical harmonics (..., 9) of unit vectors (..., 3), orthonormal over the sphere."""
    x, y, z = np.moveaxis(np.asarray(directions, np.float64), -1, 0)
    terms = [np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y]
    return np.stack(terms, -1) * SH_FACTORS


def sh_from_radiance(directions: np.ndarray, radiance: np.ndarray, solid_angles: np.ndarray) -> np.ndarray:
    """`Light.sh` (9, 3) of an environment given as samples, e.g. the texels of an HDR panorama.

    Args:
        directions: (N, 3) unit vectors towards the samples, camera frame.
        radiance: (N, 3) linear RGB.
        solid_angles: (N,) steradians, together 4 pi.
    """
    projected = sh_basis(directions).T @ (np.asarray(radiance, np.float64) * np.asarray(solid_angles)[:, None])
    return projected * _BAND_FACTOR[:, None]


def hemisphere_sh(up: np.ndarray, sky: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """`Light.sh` (9, 3) of an even sky over an even floor; exact, it has no higher terms.

    Args:
        up: (3,) unit vector, camera frame.
        sky, floor: (3,) linear RGB that a white surface facing up, or down, sends on.
    """
    sky, floor = np.asarray(sky, np.float64), np.asarray(floor, np.float64)
    sh = np.zeros((9, 3))
    sh[0] = (sky + floor) / 2 / SH_FACTORS[0]
    for term, component in ((1, 1), (2, 2), (3, 0)):
        sh[term] = (sky - floor) / 2 * up[component] / SH_FACTORS[term]
    return sh


def sky_sh(up: np.ndarray, level: float, contrast: float = 0.35) -> np.ndarray:
    """`Light.sh` (9, 3) of a grey sky brighter above than below.

    Args:
        up: (3,) unit vector, camera frame.
        level: what a white vertical surface sends on.
        contrast: 0 is the same from everywhere; a surface facing up gets level * (1 + contrast).
    """
    return hemisphere_sh(up, np.full(3, level * (1 + contrast)), np.full(3, level * (1 - contrast)))
