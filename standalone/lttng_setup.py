"""What ./arshoe trace needs of LTTng: Debian packages, and a libtracetools that fits them."""

import os
import shutil
import subprocess

import bootstrap
from environment import ROOT, VENV, WORKSPACE, ros_environment

APT = "lttng"
"""Key of the packages in bootstrap.EXTRA_APT_PACKAGES."""
PROGRAMS = ("lttng", "lttng-sessiond", "babeltrace2")
SOURCE = ROOT / "standalone" / "overlay" / "tracetools"
LIBRARY_FOLDER = WORKSPACE / "tracetools"


class NoLttng(Exception):
    """Why LTTng can't be used here, in one line."""


def prepare() -> None:
    """Install and build what is missing; quick where nothing is.

    Raises:
        NoLttng: when something is missing and can't be installed.
    """
    if bootstrap.missing_apt_packages((APT,)):
        try:
            bootstrap.install_apt_packages((APT,))
        except bootstrap.SetupError as error:
            raise NoLttng(str(error)) from error
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        raise NoLttng(f"{missing[0]} is not installed")
    _build_library()


def environment() -> dict[str, str]:
    """The environment of the workspace with our libtracetools before the wheels' one."""
    env = ros_environment()
    return env | {"LD_LIBRARY_PATH": f"{LIBRARY_FOLDER}{os.pathsep}{env['LD_LIBRARY_PATH']}"}


def _build_library() -> None:
    """Build libtracetools.so; the build tool knows whether it has to."""
    LIBRARY_FOLDER.mkdir(parents=True, exist_ok=True)
    cmake = str(VENV / "bin" / "cmake")
    options = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", f"-DTRACETOOLS_INCLUDE={VENV / 'include' / 'tracetools'}"]
    for command in (
        [cmake, "-S", str(SOURCE), "-B", str(LIBRARY_FOLDER), *options],
        [cmake, "--build", str(LIBRARY_FOLDER)],
    ):
        done = subprocess.run(command, env=ros_environment(), capture_output=True, text=True)
        if done.returncode:
            log = LIBRARY_FOLDER / "build.log"
            log.write_text(done.stdout + done.stderr)
            raise NoLttng(f"building libtracetools failed (see {log.relative_to(ROOT)})")
