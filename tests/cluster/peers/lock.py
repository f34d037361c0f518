"""Locks the peers (TensorBoard, the KFP SDK, jupyter-server, a kernel) and all that they need, each wheel by its hash.

  python3 tests/cluster/peers/lock.py     writes requirements.txt and source.txt, after a change of WANTED

Needs `uv` and `packaging` (`pip install uv packaging`). Only wheels for Linux on x86-64 are listed, of each CPython in
PYTHONS, so that pip finds one on any machine that the tests run on. No host is named: pip asks the one it is set to.
"""

import pathlib
import subprocess
import sys
import tomllib

from packaging import markers, tags, utils

HERE = pathlib.Path(__file__).resolve().parent
WANTED = ["tensorboard==2.21.0", "kfp==2.17.3", "jupyter-server==2.21.1", "ipykernel==7.4.0"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
# The oldest C library is Debian 12's.
GLIBC = range(5, 37)


def platforms():
    return [f"manylinux_2_{minor}_x86_64" for minor in GLIBC] + [f"manylinux{old}_x86_64" for old in ("1", "2010", "2014")]


def fitting(version):
    """The tags of the wheels that a CPython can install."""
    numbers = tuple(map(int, version.split(".")))
    plain = tags.compatible_tags(numbers, f"cp{numbers[0]}{numbers[1]}", platforms())
    return {*tags.cpython_tags(numbers, platforms=platforms()), *plain}


def wanted(marker, version):
    """Whether a package is wanted on releases of a CPython: on each of an early, a middle and a late one."""
    linux = {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"}
    python = {"implementation_name": "cpython", "platform_python_implementation": "CPython", "python_version": version}
    releases = [{"python_full_version": f"{version}.{micro}"} for micro in (0, 5, 20)]
    return [markers.Marker(marker).evaluate({**linux, **python, **release}) for release in releases]


def resolved():
    lock = HERE / "pylock.toml"
    compile = ["uv", "pip", "compile", "--universal", "--python-version", PYTHONS[0], "--format", "pylock.toml", "-q"]
    subprocess.run([*compile, "-o", lock, "-"], input="\n".join(WANTED), text=True, check=True, stdout=subprocess.DEVNULL)
    try:
        return tomllib.loads(lock.read_text())["packages"]
    finally:
        lock.unlink()


def line(package, files, everywhere):
    head = f"{package['name']}=={package['version']}"
    if not everywhere:
        head += " ; " + package["marker"].removeprefix("python_full_version >= '3.11' and ")
    hashes = sorted(file["hashes"]["sha256"] for file in files)
    return " \\\n".join([head, *(f"    --hash=sha256:{hash}" for hash in hashes)]) + "\n"


def main():
    wheels, source = "", ""
    fit = {version: fitting(version) for version in PYTHONS}
    for package in resolved():
        where = {version: wanted(package.get("marker", "python_version > '0'"), version) for version in PYTHONS}
        of = lambda wheel: utils.parse_wheel_filename(wheel.get("name") or wheel["url"].rsplit("/", 1)[1])[3]
        files = [wheel for wheel in package.get("wheels", []) if of(wheel) & set.union(*fit.values())]
        missing = [version for version in PYTHONS if any(where[version]) and not any(of(wheel) & fit[version] for wheel in files)]
        everywhere = all(map(all, where.values()))
        if files and missing:
            sys.exit(f"{package['name']} {package['version']} has no wheel for {missing}")
        elif files and any(map(any, where.values())):
            wheels += line(package, files, everywhere)
        elif any(map(any, where.values())):
            source += line(package, [package["sdist"]], everywhere)
    (HERE / "requirements.txt").write_text("# Written by lock.py: wheels, and nothing that must be built.\n" + wheels)
    (HERE / "source.txt").write_text("# Written by lock.py: what its makers publish as source only; it is plain Python.\n" + source)


main()
