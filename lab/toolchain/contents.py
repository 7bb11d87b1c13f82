"""The contents of the tool cache: everything that a local cluster starts with, and nothing that is no longer used."""

import shutil
from pathlib import Path

from lab.toolchain import charts, images, programs
from lab.toolchain.announcement import announce
from lab.toolchain.cache import cache_root, lock, part_folder
from lab.toolchain.catalog import PARTS
from lab.toolchain.debian import ensure_packages


def ensure_all() -> list[Path]:
    """Build and package what is missing, with progress: programs, charts, images. Return the images' archives."""
    announce()
    ensure_packages()  # the images take files of some
    programs.ensure()
    charts.chart_dir()
    return [archive for _, archive in images.image_tars()]


def prune() -> list[Path]:
    """Remove built parts, images and charts that this checkout doesn't use, and what a killed build left.

    By hand only: another checkout may still use them. Return the folders that were removed.
    """
    used = {charts.chart_dir([]), images.folder(), *(part_folder(part) for part in PARTS)}
    cached = [*cache_root().glob("parts/*"), *cache_root().glob("charts-*"), *cache_root().glob("images-*")]
    unused = [folder for folder in cached if folder not in used]
    for folder in unused:
        shutil.rmtree(folder)
    with lock("parts"):
        programs.drop_scratch()
    return unused
