"""The alerting rules (alerts.yml) with the names and numbers of one mesh, and their table in docs/observability.md.

`python -m pi_mesh.monitoring.alerts` writes the table.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pi_mesh.markdown import markdown_table

Rules = dict[str, Any]
"""A rule, or a group of rules, in the format of Prometheus."""

FILE = Path(__file__).with_name("alerts.yml")
RUNBOOKS = "docs/runbooks.md"
PAGE = Path(__file__).parents[2] / "docs" / "observability.md"
SECTION = re.compile(r"(?<=<!-- make schema writes this table -->\n).*?(?=<!-- end of the table -->)", re.DOTALL)
VALUE = re.compile(r"\{\{ \$(?:labels\.)?(\w+)(?: \|[^}]*)? \}\}")


def with_names(text: str, names: Mapping[str, object]) -> str:
    """Return the text of an alert or a dashboard, which says `@KEY@`, with the names and numbers of one mesh."""
    return re.sub(r"@(\w+)@", lambda key: str(names[key[1]]), text)


def groups(names: Mapping[str, object]) -> list[Rules]:
    """Return the groups of rules for one mesh, one for each subject; `names` is as for `with_names`."""

    def named(rule: Rules) -> Rules:
        annotations = {key: with_names(text, names) for key, text in rule["annotations"].items()}
        return {**rule, "expr": with_names(rule["expr"], names), "annotations": annotations}

    return [{**group, "rules": [named(rule) for rule in group["rules"]]} for group in _groups()]


@cache
def _groups() -> tuple[Rules, ...]:
    return tuple(yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"])


def page() -> str:
    rows = (_cells(rule) for group in _groups() for rule in group["rules"])
    table = markdown_table(("alert", "severity", "after", "what it says"), rows)
    return SECTION.sub(lambda _: f"{table}\n", PAGE.read_text(encoding="utf-8"))


def _cells(rule: Rules) -> tuple[str, ...]:
    anchor = rule["annotations"]["runbook_url"].partition("#")[2]
    summary = VALUE.sub(lambda value: value[1].upper(), rule["annotations"]["summary"])
    link, minutes = f"[{rule['alert']}](runbooks.md#{anchor})", rule["for"].removesuffix("m")
    return link, rule["labels"]["severity"], f"{minutes} min", summary


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
