"""Locks the peers (TensorBoard, the KFP SDK, jupyter-server, a kernel) and all that they need, each wheel by its hash.

  python3 tests/cluster/peers/lock.py     writes requirements.txt and source.txt, after a change of WANTED

Needs `uv` and `packaging` (`pip install uv packaging`). Only wheels for Linux on x86-64 are listed, of each CPython in
PYTHONS, so that pip finds one on any machine that the tests run on. No host is named: pip asks the one it is set to.
"""

import itertools
import pathlib
import subprocess
import tomllib

from packaging import markers, tags, utils

HERE = pathlib.Path(__file__).resolve().parent
WANTED = ["tensorboard==2.21.0", "kfp==2.17.3", "jupyter-server==2.21.1", "ipykernel==7.4.0"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
# The oldest C library is Debian 12's.
GLIBC = range(5, 37)


def platforms():
    return [f"manylinux_2_{minor}_x86_64" for minor in GLIBC] + [f"manylinux{old}_x86_64" for old in ("1", "2010", "2014")]


def fitting():
    """The tags of the wheels that one of PYTHONS can install."""
    fit = set()
    for version in PYTHONS:
        numbers = tuple(map(int, version.split(".")))
        fit |= set(tags.cpython_tags(numbers, platforms=platforms()))
        fit |= set(tags.compatible_tags(numbers, f"cp{numbers[0]}{numbers[1]}", platforms()))
    return fit


def where(marker):
    """The micro versions of PYTHONS on which a package is wanted."""
    linux = {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"}
    python = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    test = markers.Marker(marker)
    for version, micro in itertools.product(PYTHONS, (0, 5, 20)):
        of = {"python_version": version, "python_full_version": f"{version}.{micro}"}
        yield test.evaluate({**linux, **python, **of})


def resolved():
    lock = HERE / "pylock.toml"
    compile = ["uv", "pip", "compile", "--universal", "--python-version", PYTHONS[0], "--format", "pylock.toml", "-q"]
    subprocess.run([*compile, "-o", lock, "-"], input="\n".join(WANTED), text=True, check=True, stdout=subprocess.DEVNULL)
    try:
        return tomllib.loads(lock.read_text())["packages"]
    finally:
        lock.unlink()


def line(package, files):
    marker = package.get("marker", "python_version >= '0'")
    here = list(where(marker))
    head = f"{package['name']}=={package['version']}"
    if not all(here):
        head += " ; " + marker.removeprefix("python_full_version >= '3.11' and ")
    hashes = sorted(file["hashes"]["sha256"] for file in files)
    return " \\\n".join([head, *(f"    --hash=sha256:{hash}" for hash in hashes)]) + "\n" if any(here) else ""


def main():
    fit = fitting()
    wheels, source = "", ""
    for package in resolved():
        name_of = lambda wheel: wheel.get("name") or wheel["url"].rsplit("/", 1)[1]
        files = [wheel for wheel in package.get("wheels", []) if utils.parse_wheel_filename(name_of(wheel))[3] & fit]
        if files:
            wheels += line(package, files)
        else:
            source += line(package, [package["sdist"]])
    (HERE / "requirements.txt").write_text("# Written by lock.py: wheels, and nothing that must be built.\n" + wheels)
    (HERE / "source.txt").write_text("# Written by lock.py: what its makers publish as source only; it is plain Python.\n" + source)


main()
