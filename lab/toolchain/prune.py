"""Removes what other versions of the lab left in the tool cache. By hand only: another checkout may still use it."""

import shutil
from pathlib import Path

from lab.toolchain import charts, images, programs
from lab.toolchain.cache import cache_root, lock, part_folder
from lab.toolchain.parts import PARTS


def prune() -> list[Path]:
    """Remove built parts, images and charts that this checkout doesn't use, and what a killed build left."""
    used = {charts.chart_dir([]), images.folder(), *(part_folder(part) for part in PARTS)}
    made = [*cache_root().glob("parts/*"), *cache_root().glob("charts-*"), *cache_root().glob("images-*")]
    unused = [folder for folder in made if folder not in used]
    for folder in unused:
        shutil.rmtree(folder)
    with lock("parts"):
        programs.drop_scratch()
    return unused
