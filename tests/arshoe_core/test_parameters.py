from dataclasses import dataclass

import pytest

from arshoe_core.errors import BadInputError
from arshoe_core.parameters import info, parameter, validate


@dataclass(frozen=True)
class Config:
    method: str = parameter("fast", "how", choices=("fast", "good"))
    length: float = parameter(0.26, "length, m", low=0.1, high=0.4)
    count: int = parameter(3, "how many", low=1, high=9)

    def __post_init__(self) -> None:
        validate(self)


def test_defaults_pass_and_integers_become_floats():
    assert Config().length == 0.26
    config = Config(length=0.4, count=1)
    assert isinstance(config.length, float)
    assert info(Config, "length").low == 0.1


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"method": "slow"}, ("method", "'slow'", "fast, good")),
        ({"length": 2}, ("length", "2", "0.1 to 0.4")),
        ({"length": float("nan")}, ("length", "nan")),
        ({"count": "3"}, ("count", "'3'", "int")),
        ({"count": 2.0}, ("count", "2.0", "int")),
        ({"count": True}, ("count", "True", "int")),
    ],
)
def test_bad_values_are_named_with_what_is_allowed(kwargs, words):
    with pytest.raises(BadInputError) as error:
        Config(**kwargs)
    assert all(word in str(error.value) for word in words)
