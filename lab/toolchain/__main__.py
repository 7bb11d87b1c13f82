"""The command `python -m lab.toolchain`: build parts, charts and images by hand, list them, remove old ones."""

import argparse
import sys

from rich.console import Console
from rich.table import Column, Table

from lab.toolchain import charts, images, programs
from lab.toolchain.cache import cache_root, part_folder
from lab.toolchain.catalog import PARTS, UnknownPartError
from lab.toolchain.contents import ensure_all, prune


def _ensure(names: list[str]) -> None:
    if names:
        programs.ensure(names)
    else:
        ensure_all()


def _charts(versions: list[str]) -> None:
    if versions != ["all"]:
        print(charts.chart_dir(versions or charts.PACKAGED))
        return
    folder, refused = charts.released_charts()
    print(folder, *refused.values(), sep="\n")


def _images(_: list[str]) -> None:
    for reference, path in images.image_tars():
        print(path, reference, sep="\n  ")


def _list(_: list[str]) -> None:
    columns = (Column(name, overflow="fold") for name in ("part", "version", "needed for", "where it comes from"))
    table = Table(*columns, title=f"tool cache {cache_root()}")
    for part in PARTS:
        found = {str(path) for name in part.programs if (path := programs.find_on_path(name, part))}
        place = part_folder(part).name if part_folder(part).is_dir() else ", ".join(sorted(found)) or "to be built"
        table.add_row(part.name, part.version, part.needed_for, place)
    Console().print(table)


def _prune(_: list[str]) -> None:
    print(*(f"removed {folder}" for folder in prune()), sep="\n")


COMMANDS = {"ensure": _ensure, "charts": _charts, "images": _images, "list": _list, "prune": _prune}


def main() -> int:
    """Run the command and return the exit status: 0 for success, 1 after one line on stderr with the error."""
    parser = argparse.ArgumentParser(
        prog="python -m lab.toolchain",
        description="Build parts, charts and images by hand, list them, remove old ones.",
    )
    parser.add_argument("command", choices=COMMANDS)
    names = "parts (ensure) or Istio versions (charts; or `all`); without any, all that `make lab-up` needs"
    parser.add_argument("name", nargs="*", help=names)
    arguments = parser.parse_args()
    try:
        COMMANDS[arguments.command](arguments.name)
    except (RuntimeError, OSError, UnknownPartError, programs.MissingProgramError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
