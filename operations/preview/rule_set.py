"""The rules of a side: their levels and bounds, from its policy pack and its policy config."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from operations.preview.engine import Checkout

ASK = """\
import json
from policies.rules import RULES
print(json.dumps({rule.name: {"level": rule.level.value, "bounds": rule.bounds(None)} for rule in RULES}))
"""


class RulesUnreadableError(Exception):
    """The policy pack does not load, or its config is not JSON."""


@dataclass(frozen=True)
class Rule:
    """A rule with its level and bounds for one stack."""

    level: str
    bounds: dict[str, Any]


RuleSet = dict[str, Rule]
"""Rules by name."""


def read(side: Checkout) -> RuleSet:
    """Return the rules of a side, none where it has no policy pack. Raises RulesUnreadableError."""
    if not (side.policies / "PulumiPolicy.yaml").exists():
        return {}
    config = _config(side)
    everyone = config.pop("all", None)
    return {name: _configured(rule, config.get(name, everyone)) for name, rule in _shipped(side).items()}


def _shipped(side: Checkout) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-c", ASK]
    run = subprocess.run(command, cwd=side.folder, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RulesUnreadableError(f"the policy pack does not load: {(run.stderr.splitlines() or ['no reason'])[-1]}")
    return json.loads(run.stdout)


def _config(side: Checkout) -> dict[str, Any]:
    if not side.bounds.exists():
        return {}
    try:
        return dict(json.loads(side.bounds.read_text()))
    except (ValueError, TypeError) as error:
        raise RulesUnreadableError(f"policies/config/{side.bounds.name} is not a JSON object: {error}") from None


def _configured(rule: dict[str, Any], config: Any) -> Rule:
    """Return the configured rule.

    Policy config is a level, or a mapping of bounds with or without it (Pulumi's forms).
    """
    if not isinstance(config, dict):
        return Rule(config or rule["level"], rule["bounds"])
    bounds = {key: value for key, value in config.items() if key != "enforcementLevel"}
    return Rule(config.get("enforcementLevel", rule["level"]), {**rule["bounds"], **bounds})
