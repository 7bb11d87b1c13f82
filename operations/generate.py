"""The command `python -m operations.generate`: write the schema of `--json` and the table of the checks into docs."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from operations import results
from operations.verify import (
    certificate_issuer,
    configuration_analysis,
    cpu_window,
    request_through_the_gateway,
    running_proxies,
)
from pi_mesh import vault
from pi_mesh.checks import preflight, root_trust, traffic, verify
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.verify import helm_releases
from pi_mesh.settings.schema import sentences

SCHEMA = Path(__file__).parents[1] / "docs" / "operations.schema.json"
DESCRIBED = (
    results.Report,
    results.BudgetPart,
    results.NodeRoom,
    results.Component,
    results.ProxyRow,
    results.ProxyCertificate,
    results.CallRow,
    results.Archive,
    Finding,
)


def report_schema() -> str:
    """Return the schema as JSON text, with a description for each documented field."""
    schema = results.Report.model_json_schema(mode="serialization")
    definitions = {**schema["$defs"], schema["title"]: schema}
    for model in DESCRIBED:
        for field, sentence in sentences(model):
            definitions[model.__name__]["properties"][field]["description"] = sentence
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


CHECKS_PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
SECTION = re.compile(r"(?<=<!-- make schema writes this table -->\n).*?(?=<!-- end of the table -->)", re.DOTALL)
COMMANDS = ("preview", "up", "preflight", "verify")
RUN_BY: tuple[tuple[tuple[Callable, ...], tuple[str, ...]], ...] = (
    ((*preflight.CHECKS, *preflight.OF_STATE, *traffic.CHECKS), ("preview", "up", "preflight")),
    ((root_trust.check_change, vault.read_signers), ("preview", "up")),
    (
        (
            *(
                helm_releases.missing_mesh,
                *verify.CHECKS,
                certificate_issuer.issuer_findings,
                running_proxies.running_proxy_findings,
                request_through_the_gateway.gateway_findings,
            ),
            *(configuration_analysis.analyze, cpu_window.running_window),
        ),
        ("verify",),
    ),
)


def checks_page() -> str:
    """Return the page with the table as the code has it now."""
    return SECTION.sub(lambda _: "\n".join(_lines()) + "\n", CHECKS_PAGE.read_text())


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
    SCHEMA.write_text(report_schema())
    CHECKS_PAGE.write_text(checks_page())
