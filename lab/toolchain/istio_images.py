"""Istio's two images, pilot and proxyv2, of the programs of the version that their tag names."""

from importlib.resources import files
from pathlib import Path

from lab.toolchain import libraries
from lab.toolchain.image_archive import Image
from lab.toolchain.istio_parts import CONTROL_PLANES, program_name
from lab.toolchain.packaging import HUB
from lab.toolchain.programs import file

PROXY_USER = "1337:1337"
"""The user that Istio's charts and iptables rules expect."""

BOOTSTRAP = "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json"
USERS = {"/etc/passwd": "root:x:0:0::/:/bin/sh\nistio-proxy:x:1337:1337::/:/bin/sh\n"}


def images(version: str) -> dict[str, Image]:
    """Return both images of a version by name. Raises `MissingProgramError` until the version's part is built."""
    return {"pilot": _pilot(version), "proxyv2": _proxy(version)}


def _pilot(version: str) -> Image:
    place = "/usr/local/bin/pilot-discovery"
    held = {place: _program("pilot-discovery", version), BOOTSTRAP: _bootstrap(version)}
    return Image(f"{HUB}/pilot:{version}", (place,), held, texts=USERS, folders=("/tmp",), user=PROXY_USER)


def _proxy(version: str) -> Image:
    """Return the image of a sidecar; its Envoy is the same for every version, for there is one wheel of it."""
    agent, envoy = "/usr/local/bin/pilot-agent", "/usr/local/bin/envoy"
    tables, links = libraries.iptables()
    held = libraries.with_libraries({envoy: Path(str(files("envoy") / "_bin" / "envoy"))})
    held |= tables | {agent: _program("pilot-agent", version), BOOTSTRAP: _bootstrap(version)}
    return Image(f"{HUB}/proxyv2:{version}", (agent,), held, links | libraries.USR_MERGE, USERS, ("/tmp",), PROXY_USER)


def _program(name: str, version: str) -> Path:
    """Return the program of this very version: one on PATH may be of another patch."""
    return file(CONTROL_PLANES[version].name, f"bin/{program_name(name, version)}")


def _bootstrap(version: str) -> Path:
    return file(CONTROL_PLANES[version].name, "envoy_bootstrap.json")
