"""The packaged chart of cert-manager and its controller's image, made when they are first needed."""

from pathlib import Path

from lab.toolchain import image_archive, packaging, programs
from lab.toolchain.cache import file_key, lock, part_folder, partial
from lab.toolchain.catalog import BY_NAME
from lab.toolchain.image_archive import Image

NAME = "cert-manager"
PART = BY_NAME[NAME]
VERSION = f"v{PART.version}"
CHART, TAR = f"{NAME}-{VERSION}.tgz", "image.tar"
IMAGE = f"quay.io/jetstack/cert-manager-controller:{VERSION}"
USER = "1000:1000"
"""User and group as in the published image; the chart's pod must not run as root."""


def packaged() -> Path:
    """Return the folder with `CHART` and the image's archive `TAR`, made at the first call.

    Raises `MissingProgramError` until the part is built.
    """
    code = [Path(module.__file__ or "") for module in (image_archive, packaging)] + [Path(__file__)]
    program = programs.program(NAME)
    folder = part_folder(PART) / f"packaged-{file_key(code)}"
    with lock(NAME), partial(NAME) as scratch:
        if not folder.is_dir():
            whole = scratch / "whole"
            whole.mkdir()
            (whole / CHART).write_bytes(packaging.package(programs.file(NAME, "chart"), NAME, VERSION))
            place = "/usr/local/bin/controller"
            image_archive.write(Image(IMAGE, (place,), {place: program}, user=USER), whole / TAR)
            whole.rename(folder)
    return folder
