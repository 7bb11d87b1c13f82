"""The command `python -m lab.demo up|down`: what `make demo` and `make demo-down` call."""

import argparse
import sys

from lab.cluster.shell import LabError
from lab.demo import application, scenes


def main() -> int:
    """Run the command and return the exit status: 0 success, 1 after an error or a scene that was not as expected."""
    parser = argparse.ArgumentParser(prog="python -m lab.demo", description="Show a small application in the mesh.")
    parser.add_argument("command", choices=("up", "down"))
    try:
        if parser.parse_args().command == "up":
            return _up()
        application.remove()
    except (LabError, LookupError, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _up() -> int:
    url = application.start()
    print(f"\nThe demo answers on {url} for the host {application.HOST}.\n", flush=True)
    wrong = 0
    for scene in scenes.SCENES:
        seen = scene(url)
        print(seen, flush=True)
        wrong += not seen.is_as_expected
    print(f"""
Look further
  curl -i -H 'Host: {application.HOST}' {url}/prices
  kubectl get pods -n {application.INSIDE}        (after `. .lab/env`)
  make demo-down""")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
