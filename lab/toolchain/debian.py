"""Debian packages of the programs that the lab takes from the machine instead of building them."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.toolchain.progress import Estimate, show_progress


@dataclass(frozen=True)
class Package:
    """A Debian package, a check that its program is installed, and the lab's reason to need it."""

    name: str
    present: Callable[[], bool]
    needed_for: str


def _on_path(program: str) -> Callable[[], bool]:
    return lambda: shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin") is not None


def _is_static(program: Path) -> bool:
    """Return True when the program names no loader (an ELF file's .interp), so that it runs in an empty image."""
    return program.is_file() and b"/ld-linux" not in program.read_bytes()[:4096]


PACKAGES = (
    Package("runc", _on_path("runc"), "containers"),
    Package("containernetworking-plugins", Path("/usr/lib/cni/bridge").is_file, "pod networks"),
    Package("iptables", _on_path("xtables-nft-multi"), "service addresses, sidecars"),
    Package("conntrack", _on_path("conntrack"), "service addresses"),
    Package("busybox-static", lambda: _is_static(Path("/bin/busybox")), "the pause image"),
    Package("iproute2", _on_path("ip"), "network namespaces"),
)


class PackageMissingError(RuntimeError):
    """A package is missing and can't be installed by the lab."""


def missing() -> list[Package]:
    """Return the packages whose programs this machine lacks."""
    return [package for package in PACKAGES if not package.present()]


def ensure_packages() -> None:
    """Install missing packages, as root on a Debian-like machine. Raises `PackageMissingError` that names them."""
    lacking = missing()
    if not lacking:
        return
    names = " ".join(package.name for package in lacking)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise PackageMissingError(
            f"this machine lacks programs of these Debian packages: {names}; install them as root"
        )
    _install([package.name for package in lacking])
    if still := missing():
        reasons = ", ".join(f"{package.name} (for {package.needed_for})" for package in still)
        raise PackageMissingError(f"apt-get ran, but the programs of {reasons} are still missing")


def _install(names: list[str]) -> None:
    steps = {"apt-get update": ["update"], f"apt-get install {' '.join(names)}": ["install", "--yes", *names]}
    estimate = Estimate(dict.fromkeys(steps, 15.0))
    with show_progress(estimate):
        for step, arguments in steps.items():
            with estimate.step(step):
                _apt_get(arguments)


def _apt_get(arguments: list[str]) -> None:
    command = ["apt-get", "--quiet", "--no-install-recommends", *arguments]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise PackageMissingError(f"`{' '.join(command)}` failed: {reason}")
