"""Istio's proxy must run on the nodes' kernels; since 1.22 stock Raspberry Pi OS has too small an address space."""

import re
from collections.abc import Iterator

from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.nodes_ready import usable_nodes

ID = "kernel addresses"
RASPBERRY_PI_OS = re.compile(r"\+rpt|-rpi-v[678]|-v[78]l?\+|raspbian", re.IGNORECASE)
"""Pattern of kernels built with CONFIG_ARM64_VA_BITS_39, such as 6.6.31+rpt-rpi-v8 and 6.1.21-v8+. Ubuntu's -raspi has
48 bits."""
LARGE_PAGES = re.compile(r"-rpi-2712|-v8[-_]16k", re.IGNORECASE)
"""Pattern of Raspberry Pi OS' kernels for the Pi 5: CONFIG_ARM64_16K_PAGES and CONFIG_ARM64_VA_BITS_47
(raspberrypi/linux, arch/arm64/configs/bcm2712_defconfig)."""


def check(observation: Observation) -> Iterator[Finding]:
    version = observation.settings.istio.version
    if not facts_of(version).needs_48_bit_addresses:
        yield ok(ID, setting("istio.version"), f"{version} runs on any arm64 kernel")
        return
    nodes = [node for node in usable_nodes(observation.snapshot) if node.architecture == "arm64"]
    large_pages = [node for node in nodes if LARGE_PAGES.search(node.kernel)]
    of_pi_os = [node for node in nodes if RASPBERRY_PI_OS.search(f"{node.kernel} {node.os_image}")]
    small = [node for node in of_pi_os if node not in large_pages]
    for node in small:
        message = f"kernel {node.kernel} ({node.os_image}) has 39-bit addresses; the proxy of Istio {version} needs 48"
        fix = "run Ubuntu or Debian's kernel there, or set istio.version to 1.21.x or older (istio/istio#51708)"
        yield error(ID, Subject("node", node.name), message, fix)
    for node in large_pages:
        message = f"kernel {node.kernel} has pages of 16 KiB, with which the proxy of Istio {version} was not tried"
        fix = f"`python -m operations rehearse -s {observation.mesh.stack}` tries it"
        yield warning(ID, Subject("node", node.name), message, fix)
    if not small:
        yield ok(ID, Subject("node"), f"no stock Raspberry Pi OS kernel, as Istio {version} asks")
