"""Makes .venv (Python environment with ROS 2) and .arshoe (built workspace), and keeps them up to date.

Each of the two folders holds a stamp: what it was made from. The stamp is removed before the folder is changed and
written last, so a folder without a stamp was interrupted and is made again.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from contextlib import contextmanager
from pathlib import Path

from environment import BUILD, INSTALL, PACKAGE_FOLDERS, ROOT, VENV, VENV_PYTHON, WORKSPACE, ros_environment

REQUIREMENTS = ROOT / "standalone" / "requirements"
LOG = WORKSPACE / "setup.log"
VENV_STAMP = VENV / "arshoe-stamp.json"
BUILD_STAMP = WORKSPACE / "stamp.json"

APT_PACKAGES = ("libegl1", "libegl-mesa0", "libgl1", "libgl1-mesa-dri", "g++")
EXTRA_APT_PACKAGES = {"test": ("chromium",), "lttng": ("lttng-tools", "liblttng-ust-dev", "babeltrace2")}
"""By extra. lttng is no requirements file: lttng_setup.py asks for it, and ./arshoe trace goes on without."""
PROGRAMS = {"g++": ("g++",), "chromium": ("chromium", "chromium-browser", "google-chrome")}
"""A package is not needed where one of these programs is there already."""
BUILD_FILES = ("package.xml", "setup.py", "setup.cfg", "CMakeLists.txt")
"""Files whose content matters to the build; of all others only the name does, since they are linked, not copied."""


class SetupError(Exception):
    """Setting up failed; the message is one line and says what to do."""


def prepare(extras: tuple[str, ...] = ()) -> None:
    """Bring .venv and .arshoe up to date; quick where they are.

    Args:
        extras: names of requirements files to install beside runtime.txt.

    Raises:
        SetupError: when a step fails.
    """
    if _is_current(extras):
        return
    WORKSPACE.mkdir(exist_ok=True)
    with _lock() as lock:
        if _is_current(extras):
            return
        # Children inherit the lock: if this process is killed, the next call waits for what it left running.
        setup = _Setup(lock)
        setup.system_packages(extras)
        setup.python_environment(extras)
        setup.build()


def install_apt_packages(extras: tuple[str, ...]) -> None:
    """Install the Debian packages that `extras` need and that are missing.

    Raises:
        SetupError: when that takes rights that this user lacks, or fails.
    """
    WORKSPACE.mkdir(exist_ok=True)
    _sudo(missing_apt_packages(extras))  # before anything is said
    with _lock() as lock:
        _Setup(lock).system_packages(extras)


def _is_current(extras: tuple[str, ...]) -> bool:
    has_programs = not EXTRA_APT_PACKAGES.keys() & set(extras) or not missing_apt_packages(extras)
    return venv_is_current(extras) and build_is_current() and has_programs


def venv_is_current(extras: tuple[str, ...]) -> bool:
    """Whether .venv is complete and has what runtime.txt and `extras` name."""
    stamp = _read(VENV_STAMP)
    if stamp is None or not VENV_PYTHON.exists():
        return False
    return set(extras) <= set(stamp["extras"]) and stamp == _venv_stamp(tuple(stamp["extras"]))


def build_is_current() -> bool:
    """Whether the workspace is built from the sources as they are."""
    return _read(BUILD_STAMP) == _build_stamp()


class _Setup:
    """The steps, with their progress lines and log."""

    def __init__(self, lock: int) -> None:
        self.lock = lock
        LOG.unlink(missing_ok=True)
        print(f"arshoe: setting up; details in {LOG.relative_to(ROOT)}", flush=True)

    def system_packages(self, extras: tuple[str, ...]) -> None:
        missing = missing_apt_packages(extras)
        if not missing:
            return
        sudo, install = _sudo(missing), _apt_install(missing)
        with _step(f"system packages ({', '.join(missing)})"):
            env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            self._run([*sudo, "apt-get", "update"], env)
            self._run([*sudo, *install.split(), "-o", "DPkg::Lock::Timeout=120"], env)

    def python_environment(self, extras: tuple[str, ...]) -> None:
        if venv_is_current(extras):
            return
        stamp = _read(VENV_STAMP)
        if stamp is None or not VENV_PYTHON.exists() or any(stamp.get(key) != value for key, value in _place().items()):
            VENV_STAMP.unlink(missing_ok=True)
            BUILD_STAMP.unlink(missing_ok=True)
            with _step("Python environment"):
                shutil.rmtree(VENV, ignore_errors=True)
                self._run([sys.executable, "-m", "venv", str(VENV)], os.environ)
            stamp = {"extras": []}
        extras = tuple(sorted({*extras, *stamp["extras"]}))
        names = ("runtime", *extras)
        VENV_STAMP.unlink(missing_ok=True)
        with _step(f"pinned packages: {', '.join(names)}"):
            pip = [str(VENV_PYTHON), "-m", "pip", "install", "--no-input", "--prefer-binary", "--progress-bar=off"]
            constraints = ["-c", str(REQUIREMENTS / "constraints.txt")]
            files = [arg for name in names for arg in ("-r", str(REQUIREMENTS / f"{name}.txt"))]
            env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
            env |= {"_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
            self._run([*pip, *constraints, *files], env)
            _mend_cmake_exports(VENV)
        _write(VENV_STAMP, _venv_stamp(extras))

    def build(self) -> None:
        if build_is_current():
            return
        stamp, old = _build_stamp(), _read(BUILD_STAMP)
        if old is None or old["root"] != stamp["root"] or set(old["packages"]) - set(stamp["packages"]):
            shutil.rmtree(BUILD, ignore_errors=True)
            shutil.rmtree(INSTALL, ignore_errors=True)
            old = {"packages": {}}
        BUILD_STAMP.unlink(missing_ok=True)
        changed = [name for name, digest in stamp["packages"].items() if old["packages"].get(name) != digest]
        with _step(f"building {len(changed)} package{'s' * (len(changed) != 1)}"):
            colcon = [str(VENV_PYTHON), str(VENV / "bin" / "colcon"), "--log-base", str(WORKSPACE / "log"), "build"]
            folders = ["--build-base", str(BUILD), "--install-base", str(INSTALL), "--base-paths"]
            cmake = ["-G", "Ninja", "-DBUILD_TESTING=OFF", "-DPython3_FIND_VIRTUALENV=ONLY"]
            cmake.append(f"-DPython3_EXECUTABLE={VENV_PYTHON}")
            options = ["--merge-install", "--symlink-install", *folders, *map(str, PACKAGE_FOLDERS)]
            options += ["--packages-select", *changed]
            self._run([*colcon, *options, "--cmake-args", *cmake], ros_environment())
        _write(BUILD_STAMP, stamp)

    def _run(self, command: list[str], env) -> None:
        with LOG.open("a") as log:
            log.write(f"\n$ {' '.join(command)}\n")
            log.flush()
            code = subprocess.call(
                command, cwd=ROOT, env=dict(env), stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[self.lock]
            )
        if code:
            raise SetupError(_failure(code))


def _apt_install(packages: list[str]) -> str:
    return f"apt-get install -y --no-install-recommends {' '.join(packages)}"


def _sudo(packages: list[str]) -> list[str]:
    """What a command to install packages begins with, or SetupError: what to run by hand."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.call(["sudo", "-n", "true"], stderr=subprocess.DEVNULL) == 0:
        return ["sudo", "-n"]
    raise SetupError(f"system packages are missing; run: sudo apt-get update && sudo {_apt_install(packages)}")


def _failure(code: int) -> str:
    lines = [line.strip() for line in LOG.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"\berror\b|^E: |No module named", line, re.IGNORECASE)]
    reason = (errors or lines)[-1][:300]
    return (
        f"setting up failed (exit code {code}): {reason} (all of it in {LOG.relative_to(ROOT)}; try again when mended)"
    )


def missing_apt_packages(extras: tuple[str, ...] = ()) -> list[str]:
    """Debian packages that setting up, rendering and `extras` need; none where there is no apt."""
    if not (shutil.which("dpkg-query") and shutil.which("apt-get")):
        return []
    wanted = [*APT_PACKAGES, *(name for extra in extras for name in EXTRA_APT_PACKAGES.get(extra, ()))]
    wanted = [name for name in wanted if not any(map(shutil.which, PROGRAMS.get(name, ())))]
    version = f"python3.{sys.version_info.minor}"
    if importlib.util.find_spec("ensurepip") is None:
        wanted.append(f"{version}-venv")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        wanted.append(f"{version}-dev")
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted]
    known = subprocess.run(query, capture_output=True, text=True).stdout.splitlines()
    return [name for name in wanted if f"{name} installed" not in known]


def _mend_cmake_exports(venv: Path) -> None:
    """The ROS wheels' CMake files name the Python of the machine that made them; name this one's. Idempotent."""
    site = sysconfig.get_path("purelib", vars={"base": str(venv)})
    include = sysconfig.get_path("include")
    for path in (venv / "share").rglob("*.cmake"):
        text = path.read_text()
        mended = re.sub(r"/opt/python/[^/;\" ]+/include/python3\.\d+", lambda _: include, text)
        mended = re.sub(r"/opt/python/[^/;\" ]+/lib/python3\.\d+/site-packages", lambda _: site, mended)
        if mended != text:
            path.write_text(mended)


def _venv_stamp(extras: tuple[str, ...]) -> dict:
    files = [REQUIREMENTS / f"{name}.txt" for name in ("constraints", "runtime", *extras)]
    return _place() | {"extras": list(extras), "requirements": _hash(path.read_bytes() for path in files)}


def _place() -> dict:
    """What an environment can't survive the change of."""
    return {"root": str(ROOT), "python": sysconfig.get_python_version()}


def _build_stamp() -> dict:
    manifests = sorted(path for folder in PACKAGE_FOLDERS for path in folder.rglob("package.xml"))
    packages = {re.search(r"<name>(.*?)</name>", path.read_text())[1]: path.parent for path in manifests}
    return {"root": str(ROOT), "packages": {name: _package_digest(folder) for name, folder in packages.items()}}


def _package_digest(folder: Path) -> str:
    parts = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not _is_generated(p)):
        parts.append(str(path.relative_to(folder)).encode())
        if path.name in BUILD_FILES or path.suffix in (".msg", ".srv"):
            parts.append(path.read_bytes())
    return _hash(parts)


def _is_generated(path: Path) -> bool:
    return any(part == "__pycache__" or part.endswith(".egg-info") for part in path.parts)


def _hash(parts) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _read(stamp: Path) -> dict | None:
    try:
        return json.loads(stamp.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def _write(stamp: Path, content: dict) -> None:
    temporary = stamp.with_suffix(".tmp")
    temporary.write_text(json.dumps(content))
    temporary.replace(stamp)


@contextmanager
def _lock():
    """One set-up at a time in this folder; yields the lock's file descriptor."""
    with (WORKSPACE / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("arshoe: another ./arshoe is setting up; waiting for it", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


@contextmanager
def _step(name: str):
    start = time.monotonic()
    print(f"  {name} …", end="", flush=True)
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - start:.0f} s", flush=True)
