"""The command `python -m operations.generate`: write the schema of `--json` and the page of the checks into docs."""

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import yaml

from operations import results
from pi_mesh.checks import registry
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.registry import CHECKS, Check
from pi_mesh.settings.schema import sentences

DOCS = Path(__file__).parents[1] / "docs"
SCHEMA, CHECKS_PAGE, CAUSES = DOCS / "operations.schema.json", DOCS / "checks.md", DOCS / "checks.yaml"


def report_schema() -> str:
    """Return the schema as JSON text, with a description for each documented field."""
    schema = results.Report.model_json_schema(mode="serialization")
    definitions = {**schema["$defs"], schema["title"]: schema}
    for model in (*results.Model.__subclasses__(), Finding):
        for field, sentence in sentences(model):
            definitions[model.__name__]["properties"][field]["description"] = sentence
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


INTRODUCTION = """# Checks

For the reader of a finding: what its check judges, and when. A finding names its check by the ID, and `preflight` and
`verify` print the address of its section here. [operations.md](operations.md) has the commands.

A preview whose cluster does not answer runs the checks that ask for no cluster, and says that it could not check the
rest; `up` refuses to start then. Three refusals have no ID: a change of the mesh's root certificate that cuts workloads
off ([root_trust.py](../pi_mesh/checks/root_trust.py)) and a Vault that is sealed or refuses the token
([vault.py](../pi_mesh/vault.py)), by `preview` and `up`; and a destroy while others use the mesh
([destroy.py](../pi_mesh/checks/destroy.py)).
"""


def checks_page() -> str:
    """Return the page of the checks, with a section for each ID in reading order."""
    causes = {id: levels for ids, levels in yaml.safe_load(CAUSES.read_text()).items() for id in ids.split(", ")}
    ids = dict.fromkeys(id for check in CHECKS for id in check.ids)
    return "\n".join([INTRODUCTION, *(line for id in ids for line in _section(id, causes.get(id, {})))]).rstrip() + "\n"


def _section(id: str, causes: Mapping[str, str]) -> Iterator[str]:
    yield from (f"## {id}", "")
    for check in (check for check in CHECKS if id in check.ids):
        sentence, *_ = (import_module(check.module).__doc__ or "").splitlines()
        yield from (sentence, _runs(check), "")
    if causes:
        yield from (*(f"- {level}: {text}" for level, text in causes.items()), "")


def _runs(check: Check) -> str:
    """Return which commands run the check, what it asks for, and where it is."""
    path = f"{check.module.replace('.', '/')}.py"
    commands = ", ".join(f"`{command}`" for command in check.commands)
    option = f" with `{check.only_with}`" if check.only_with else ""
    without = "; not with `--read-only`" if registry.CALLS in check.asks and not check.only_with else ""
    return f"Run by {commands}{option}{without}. It asks for: {' and '.join(check.asks)}. Source: [{path}](../{path})"


if __name__ == "__main__":
    SCHEMA.write_text(report_schema())
    CHECKS_PAGE.write_text(checks_page())
