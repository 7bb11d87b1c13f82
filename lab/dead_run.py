"""The command `python -m lab.dead_run`: clean up after a killed run of the stack lab; silent if there is nothing to do.

The lab owns that stack: `make up`, `make down` and the live tests begin with this command, so that nobody must repair
the stack by hand after a killed run.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

from lab.cluster.names import CHECKOUT

STACK = "lab"
REPAIR = ("-m", "operations", "repair", "--stack", STACK, "--yes", "--json")


def clear(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Clear the stack with the program's own repair; yield a line for each repair, and for each wait.

    Raises SystemExit, with the reason, where a run is going on or the cluster does not answer.
    """
    while True:
        done = subprocess.run(
            (sys.executable, *REPAIR), cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
        findings = json.loads(done.stdout)["findings"] if done.stdout else []
        yield from (_line(finding) for finding in findings if finding["level"] != "unknown")
        if done.returncode == 0:
            return
        young = [finding["number"] for finding in findings if finding["level"] == "error" and finding["number"]]
        if not young:
            raise SystemExit(done.returncode)  # repair has printed the reason
        time.sleep(max(young))


def _line(finding: dict) -> str:
    subject = f"{finding['kind']} {finding['name']}"
    return f"A killed run of the stack {STACK} left this: {subject}: {finding['message']}; {finding['fix']}"


if __name__ == "__main__":
    for text in clear():
        print(text, flush=True)
