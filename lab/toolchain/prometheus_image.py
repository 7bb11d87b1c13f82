"""The image of Prometheus, made when it is first needed."""

from pathlib import Path

from lab.toolchain import image_archive, programs
from lab.toolchain.cache import file_key, lock, part_folder, partial
from lab.toolchain.catalog import BY_NAME
from lab.toolchain.image_archive import Image

NAME = "prometheus"
PART = BY_NAME[NAME]
IMAGE = f"quay.io/prometheus/prometheus:v{PART.version}"
USER = "65534:65534"
"""User and group as in the published image."""
DATA = "/prometheus"


def archive() -> Path:
    """Return the image's archive, made at the first call. Raises `MissingProgramError` until the part is built."""
    program = programs.program(NAME)
    code = [Path(image_archive.__file__), Path(__file__)]
    target = part_folder(PART) / f"image-{file_key(code)}.tar"
    with lock(NAME), partial(NAME) as scratch:
        if not target.is_file():
            place = f"/bin/{NAME}"
            # A folder that everybody may write into, as a volume at this place would be.
            content = Image(IMAGE, (place,), {place: program}, folders=(DATA,), user=USER)
            image_archive.write(content, scratch / target.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            (scratch / target.name).rename(target)
    return target
