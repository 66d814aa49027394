"""Parameters of the stabiliser."""

from dataclasses import dataclass

from arshoe_core.parameters import parameter, validate

METHODS = ("arshoe_plus", "arshoe", "kalman", "one_euro", "none")


@dataclass(frozen=True)
class StabilizerConfig:
    """Parameters of `Stabilizer` and of all its methods."""

    method: str = parameter("arshoe_plus", "how poses are smoothed; none only tracks", choices=METHODS)
    max_feet: int = parameter(2, "most feet tracked; those lost longest go first", low=1, high=6)
    max_lost_frames: int = parameter(10, "frames a lost foot is predicted by optical flow", low=0, high=300)
    flow_width: int = parameter(640, "width to which frames are reduced for optical flow, px", low=64, high=4096)
    flow_corners: int = parameter(60, "most corners followed per foot", low=5, high=1000)
    arshoe_alpha: float = parameter(0.432, "alpha of the paper's equation 8", low=0.0, high=10.0)
    arshoe_beta: float = parameter(2.388, "beta of the paper's equation 8", low=-10.0, high=10.0)
    kalman_acceleration: float = parameter(
        4.4,
        "standard deviation of a foot's acceleration, m/s^2; small is smooth, large is quick",
        low=0.001,
        high=1000.0,
    )
    one_euro_min_cutoff: float = parameter(4.4, "cutoff frequency at rest, Hz", low=0.001, high=1000.0)
    one_euro_beta: float = parameter(78.0, "rise of the cutoff frequency with speed, Hz per m/s", low=0.0, high=10000.0)

    plus_noise: float = parameter(
        0.2,
        "variance of measured poses relative to their covariance; large is smooth, small corrects quickly",
        low=0.01,
        high=1000.0,
    )
    plus_drift: float = parameter(
        0.2, "error of the motion by optical flow relative to the way moved; small trusts it", low=0.0, high=10.0
    )

    def __post_init__(self) -> None:
        validate(self)
