"""The packaged chart of cert-manager and its controller's image, made when they are first needed."""

from pathlib import Path

from lab.toolchain import images, packaging, programs
from lab.toolchain.catalog import BY_NAME
from lab.toolchain.image_archive import Image

NAME = "cert-manager"
PART = BY_NAME[NAME]
VERSION = f"v{PART.version}"
CHART = f"{NAME}-{VERSION}.tgz"
IMAGE = f"quay.io/jetstack/cert-manager-controller:{VERSION}"
USER = "1000:1000"
"""User and group as in the published image; the chart's pod must not run as root."""


def chart() -> bytes:
    """Return the packaged chart. Raises `MissingProgramError` until the part is built."""
    return packaging.package(programs.file(NAME, "chart"), NAME, VERSION)


def archive() -> Path:
    """Return the image's archive, made at the first call. Raises `MissingProgramError` until the part is built."""
    place = "/usr/local/bin/controller"
    return images.part_tar(PART, Image(IMAGE, (place,), {place: programs.program(NAME)}, user=USER), __file__)
