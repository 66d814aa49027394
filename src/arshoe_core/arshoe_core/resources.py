"""Files that a package ships beside its code (models, shoes)."""

from importlib import import_module
from pathlib import Path

from arshoe_core.errors import BadInputError


def shared_file(package: str, relative: str) -> Path:
    """Find a file that a package ships, in the source tree or in an installed ROS workspace.

    Args:
        package: Python package name, e.g. "arshoe_perception".
        relative: path below the package's folder, e.g. "models/arshoe.onnx".

    Raises:
        BadInputError: if it is in neither place.
    """
    module_dir = Path(import_module(package).__file__).resolve().parent
    # Source tree and `colcon build --symlink-install`: next to the module folder. Installed: PREFIX/share/PACKAGE,
    # PREFIX being some levels above PREFIX/lib/python3.X/site-packages/PACKAGE (or local/lib/... on Debian).
    candidates = [module_dir.parent / relative]
    candidates += [prefix / "share" / package / relative for prefix in module_dir.parents]
    for path in candidates:
        if path.exists():
            return path
    raise BadInputError(f"{package} ships no file {relative!r} (looked in {module_dir.parent} and above)")
