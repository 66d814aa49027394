"""The figures as lines of text for the terminal."""

COLUMNS = ("compute_ms", "transport_ms", "queueing_ms")


def text_report(figures: dict) -> list[str]:
    """Lines for the terminal."""
    frames = figures["frames"]
    lines = [
        f"{frames['out']} of {frames['in']} frames came out in {figures['duration_s']:.1f} s ({figures['recorder']})",
        *(f"  dropped {count}: last seen when {where}" for where, count in frames["dropped"].items()),
    ]
    if figures["lost_events"]:
        lines.append(f"  {figures['lost_events']} events were lost in recording: frames may be missing")
    lines += ["", f"{'ms, p50 / p95 / max':20}" + "".join(f"{name.removesuffix('_ms'):>26}" for name in COLUMNS)]
    for stage, times in figures["stages"].items():
        lines.append(f"{stage:20}" + "".join(f"{_three(times[name]):>26}" for name in COLUMNS))
    lines.append(f"{'end to end':20}{_three(figures['end_to_end_ms']):>26}")
    if figures["cpu"]:
        lines += ["", f"{'CPU':20}{'s':>10}{'% of a core':>14}{'ms per frame':>14}"]
        for node, cpu in figures["cpu"].items():
            cells = f"{cpu['cpu_s']:10.2f}{cpu['percent_of_a_core']:14.1f}{cpu['ms_per_frame_in']:14.2f}"
            lines.append(f"{node:20}{cells}")
    return lines


def _three(values: dict | None) -> str:
    return "-" if values is None else " / ".join(f"{values[key]:.1f}" for key in ("p50", "p95", "max"))
