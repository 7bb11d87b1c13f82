"""The command `python -m operations.check_table`: write the table of the checks in docs/architecture.md."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from operations import analysis, cpu_window, gateway_request, running_proxies, signing
from pi_mesh import vault
from pi_mesh.checks import preflight, traffic, trust, verify
from pi_mesh.checks.verify import presence

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
SECTION = re.compile(r"(?<=<!-- make schema writes this table -->\n).*?(?=<!-- end of the table -->)", re.DOTALL)
COMMANDS = ("preview", "up", "preflight", "verify")
RUN_BY: tuple[tuple[tuple[Callable, ...], tuple[str, ...]], ...] = (
    ((*preflight.CHECKS, *preflight.OF_STATE, *traffic.CHECKS), ("preview", "up", "preflight")),
    ((trust.check_change, vault.read_signers), ("preview", "up")),
    (
        (
            *(presence.absence, *verify.CHECKS, signing.signed, running_proxies.found, gateway_request.made),
            *(analysis.analyze, cpu_window.opened),
        ),
        ("verify",),
    ),
)


def page() -> str:
    """Return the page with the table as the code has it now."""
    return SECTION.sub(lambda _: "\n".join(_lines()) + "\n", PAGE.read_text())


def _lines() -> Iterator[str]:
    yield f"| check | {' | '.join(COMMANDS)} | what it says |"
    yield "|---" * (len(COMMANDS) + 2) + "|"
    for checks, commands in RUN_BY:
        marks = " | ".join("x" if command in commands else "" for command in COMMANDS)
        # Two checks of one file are one row.
        for module in dict.fromkeys(check.__module__ for check in checks):
            yield f"| {_link(module)} | {marks} | {_sentence(module)} |"


def _link(module: str) -> str:
    path = module.replace(".", "/") + ".py"
    return f"[{'.'.join(module.split('.')[-2:])}](../{path})"


def _sentence(module: str) -> str:
    """Return the first line of a module's docstring, as a table's cell."""
    return (sys.modules[module].__doc__ or "").splitlines()[0].replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(page())
