"""Errors every package shares."""


class BadInputError(ValueError):
    """The user gave something that can't be used: a file, an argument, a parameter.

    The message is one line that names the value and what is allowed. Commands and nodes print it without a
    traceback and exit with `EXIT_BAD_INPUT`.
    """


EXIT_BAD_INPUT = 2


def require_choice(name: str, value: object, choices: tuple) -> None:
    """Raise `BadInputError` unless `value` is one of `choices`."""
    if value not in choices:
        raise BadInputError(f"{name} is {value!r}; allowed: {', '.join(map(str, choices))}")


def require_range(name: str, value: float, low: float, high: float) -> None:
    """Raise `BadInputError` unless `low <= value <= high` (NaN is refused too)."""
    if not low <= value <= high:
        raise BadInputError(f"{name} is {value!r}; allowed: {low} to {high}")
