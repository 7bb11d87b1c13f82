"""The alerting rules (alerts.yml) with the names and numbers of one mesh."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Rules = dict[str, Any]
"""A rule, or a group of rules, in the format of Prometheus."""

FILE = Path(__file__).with_name("alerts.yml")
RUNBOOKS = "docs/runbooks.md"


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
