"""Where things are on a machine without ROS, and the environment that makes them a ROS workspace."""

import os
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WORKSPACE = ROOT / ".arshoe"
BUILD = WORKSPACE / "build"
INSTALL = WORKSPACE / "install"
VENV_PYTHON = VENV / "bin" / "python"
PACKAGE_FOLDERS = (ROOT / "src", ROOT / "launch", ROOT / "standalone" / "overlay")
"""Where the ROS packages are that get built."""


def site_packages(prefix: Path) -> Path:
    """Where Python packages lie under `prefix` (found by looking: any Python may ask)."""
    version = f"python{sysconfig.get_python_version()}"
    found = sorted((prefix / "lib").glob("python3.*/site-packages"))
    return found[0] if found else prefix / "lib" / version / "site-packages"


def ros_environment() -> dict[str, str]:
    """The environment variables of the workspace, built or not; what another ROS install set is replaced."""
    venv_site = site_packages(VENV)
    # The wheels bundle third-party libraries in folders that only LD_LIBRARY_PATH makes visible to each other.
    libraries = [INSTALL / "lib", VENV / "lib", *sorted(venv_site.glob("ros_*.libs"))]
    # `colcon build --symlink-install` leaves Python packages in the build folder and notes where in egg-links.
    install_site = site_packages(INSTALL)
    linked = [link.read_text().split("\n")[0] for link in sorted(install_site.glob("*.egg-link"))]
    prefixes = _join([INSTALL, VENV])
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONHOME", "COLCON_PREFIX_PATH")}
    env |= {
        "VIRTUAL_ENV": str(VENV),
        "PATH": _join([VENV / "bin", env.get("PATH", os.defpath)]),
        "AMENT_PREFIX_PATH": prefixes,
        "CMAKE_PREFIX_PATH": prefixes,
        "LD_LIBRARY_PATH": _join(libraries),
        "PYTHONPATH": _join([install_site, *linked]),
        "PYTHONNOUSERSITE": "1",
        "ROS_DISTRO": "kilted",
        "ROS_VERSION": "2",
        "ROS_PYTHON_VERSION": "3",
        "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
        # What starts the graph here, for `bench`; with ROS it is ros2 launch.
        "ARSHOE_RUNNER": str(ROOT / "standalone" / "launch_runner.py"),
        # Without it every python re-executes itself to set LD_LIBRARY_PATH, in no fixed order.
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
    }
    return env


def executable(package: str, name: str) -> Path:
    """An executable of a package of the workspace, where ROS installs it."""
    return INSTALL / "lib" / package / name


def _join(paths: list) -> str:
    return os.pathsep.join(map(str, paths))
