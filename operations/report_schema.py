"""The command `python -m operations.report_schema`: write docs/operations.schema.json, the schema of `--json`."""

import json
from pathlib import Path

from operations import archive_report, call_report, proxy_report, report
from pi_mesh.checks.finding import Finding
from pi_mesh.settings.docstrings import sentences

PATH = Path(__file__).parents[1] / "docs" / "operations.schema.json"
DESCRIBED = (
    report.Report,
    report.BudgetPart,
    report.NodeRoom,
    report.Component,
    proxy_report.ProxyRow,
    proxy_report.ProxyCertificate,
    call_report.CallRow,
    archive_report.Archive,
    Finding,
)


def document() -> str:
    """Return the schema as JSON text, with a description for each documented field."""
    schema = report.Report.model_json_schema(mode="serialization")
    definitions = {**schema["$defs"], schema["title"]: schema}
    for model in DESCRIBED:
        for field, sentence in sentences(model):
            definitions[model.__name__]["properties"][field]["description"] = sentence
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(document())
