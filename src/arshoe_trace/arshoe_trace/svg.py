"""The parts of plots as SVG text. Colours are the page's CSS classes, so that they follow light and dark mode."""

import math
from collections.abc import Callable
from html import escape

WIDTH = 960
LEFT, RIGHT = 110, 70
"""Margins beside the plots, px of the picture."""
Scale = Callable[[float], float]


def svg(height: float, body: list[str], label: str) -> str:
    """The whole picture, `WIDTH` wide."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}">' + "\n".join(body) + "</svg>"
    )


def scale(high: float, low_px: float, high_px: float) -> Scale:
    """The function that takes 0..high to pixels."""
    return lambda value: low_px + (high_px - low_px) * value / max(high, 1e-9)


def nice_step(high: float, at_most: int) -> float:
    """1, 2 or 5 times a power of ten, so that `high` takes at most so many steps."""
    rough = max(high, 1e-9) / at_most
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))


def ticks(high: float, at_most: int) -> list[float]:
    """Round values from 0 to `high`."""
    step = nice_step(high, at_most)
    return [step * i for i in range(math.floor(high / step * (1 + 1e-9)) + 1)]


def x_axis(high: float, x: Scale, top: float, bottom: float, unit: str, grid: bool = True) -> str:
    """The axis at `bottom`, with its unit below and grid lines up to `top`."""
    parts = [f'<line class="axis" x1="{LEFT}" y1="{bottom:.1f}" x2="{WIDTH - RIGHT}" y2="{bottom:.1f}"/>']
    for tick in ticks(high, 10):
        if grid:
            parts.append(f'<line class="grid" x1="{x(tick):.1f}" y1="{top}" x2="{x(tick):.1f}" y2="{bottom:.1f}"/>')
        parts.append(text(x(tick), bottom + 17, f"{tick:g}", "middle", "tick"))
    parts.append(text(WIDTH - RIGHT, bottom + 32, unit, "end", "tick"))
    return "".join(parts)


def y_axis(high: float, y: Scale, unit: str) -> str:
    """Grid lines and their values; the unit stands with the highest."""
    parts = []
    for tick in ticks(high, 5):
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y(tick):.1f}" x2="{WIDTH - RIGHT}" y2="{y(tick):.1f}"/>')
        name = f"{tick:g} {unit}" if tick == ticks(high, 5)[-1] else f"{tick:g}"
        parts.append(text(LEFT - 12, y(tick) + 4, name, "end", "tick"))
    return "".join(parts)


def level(y: float, name: str) -> str:
    """A dashed line across, with its name."""
    line = f'<line class="level" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
    return line + text(WIDTH - RIGHT + 8, y + 4, name, "start", "value")


def bar(x: float, y: float, width: float, height: float, name: str, tip: str) -> str:
    """A rectangle of class `name`; `tip` shows when the pointer is on it."""
    box = f'x="{x:.2f}" y="{y:.1f}" width="{max(width, 0.0):.2f}" height="{height:.1f}"'
    return f'<rect class="{name}" {box}>{title(tip)}</rect>'


def text(x: float, y: float, words: str, anchor: str, name: str) -> str:
    """Text of class `name` at a place."""
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def title(text: str) -> str:
    """What shows when the pointer is on the element around it."""
    return f"<title>{escape(text)}</title>"
