"""All that a local cluster starts with, built and packaged once."""

from pathlib import Path

from lab.toolchain import charts, images, programs


def make_ready() -> list[Path]:
    """Makes what is missing, with progress: programs, charts, images. Returns the images' archives."""
    programs.ensure()
    charts.chart_dir()
    return [archive for _, archive in images.image_tars()]
