"""One side of a comparison: its config, rules, resources, and their Kubernetes objects."""

import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from operations.pull_request import checkout, engine, manifests
from operations.pull_request.checkout import WITHOUT_CA, Config
from operations.pull_request.engine import NOTHING, Checkout, Deployment, Intent
from operations.pull_request.manifests import NotRenderedError, Objects
from operations.pull_request.relaxations import Rule, RuleSet
from pi_mesh.inventory import with_contradictions
from pi_mesh.settings import SettingsError, parse_any
from pi_mesh.settings.pulumi_config import STAND_IN, plain_values

ASK_RULES = """\
import json
from policies.rules import RULES
print(json.dumps({rule.name: {"level": rule.level.value, "bounds": rule.bounds(None)} for rule in RULES}))
"""


class RulesUnreadableError(Exception):
    """The policy pack does not load, or its config is not JSON."""


def read_rules(side: Checkout) -> RuleSet:
    """Return the rules of a side, none where it has no policy pack. Raises RulesUnreadableError."""
    if not (side.policies / "PulumiPolicy.yaml").exists():
        return {}
    config, run = _config(side), _run_in(side, ASK_RULES)
    if run.returncode:
        raise RulesUnreadableError(f"the policy pack does not load: {(run.stderr.splitlines() or ['no reason'])[-1]}")
    everyone = config.pop("all", None)
    return {name: _configured(rule, config.get(name, everyone)) for name, rule in json.loads(run.stdout).items()}


def _run_in(side: Checkout, program: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program in the folder of a side, with that side's packages."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=side.folder, env=side.environment, capture_output=True, text=True, check=False)


def _config(side: Checkout) -> dict[str, Any]:
    if not side.bounds.exists():
        return {}
    try:
        return dict(json.loads(side.bounds.read_text()))
    except (ValueError, TypeError) as error:
        raise RulesUnreadableError(f"policies/config/{side.bounds.name} is not a JSON object: {error}") from None


def _configured(rule: dict[str, Any], config: Any) -> Rule:
    """Return the configured rule: policy config is a level, or a mapping of bounds with or without it."""
    if not isinstance(config, dict):
        return Rule(config or rule["level"], rule["bounds"])
    bounds = {key: value for key, value in config.items() if key != "enforcementLevel"}
    return Rule(config.get("enforcementLevel", rule["level"]), {**rule["bounds"], **bounds})


@dataclass(frozen=True)
class Side:
    """The result of reading one side, as far as it is known."""

    config: Config = field(default_factory=dict)
    intent: Intent = NOTHING
    objects: Objects = field(default_factory=dict)
    rules: RuleSet = field(default_factory=dict)
    rules_problem: str | None = None
    """Reason why the rules could not be read."""
    unknown: tuple[str, ...] = ()
    """Parts that could not be determined, each with its reason."""
    checkout: Checkout = field(default_factory=lambda: Checkout(Path(), "", {}))


def opened_side(folder: Path, stack: str, charts: str) -> Side:
    """Prepare a checkout, whose folder is changed; the intent has the problems that prevent a preview."""
    source = checkout.use_charts(folder, Path(charts), stack) if charts else {}
    side = Side(checkout=Checkout(folder, stack, source))
    try:
        return replace(side, config=checkout.prepare(folder, stack))
    except SettingsError as error:
        return replace(side, intent=replace(NOTHING, errors=error.problems))


def with_problems(side: Side) -> Side:
    """Return a side with the problems of its whole settings: the engine gets them without the CA.

    Only for a side whose program is the one that runs here: another one may have other settings.
    """
    judged = WITHOUT_CA.keys() & side.config.keys()
    return replace(side, intent=replace(NOTHING, errors=_refused(side.config))) if judged else side


def read_side(side: Side, judge: Checkout | None = None, deployed: Deployment | None = None) -> Side:
    """Preview and render a side; the arguments as in `engine.preview`."""
    intent = _intent(side, judge, deployed)
    read = replace(side, intent=intent)
    try:
        read = replace(read, rules=read_rules(side.checkout))
    except RulesUnreadableError as error:
        read = replace(read, rules_problem=str(error))
    try:
        return replace(read, objects=manifests.rendered_objects(intent.resources.values(), side.checkout.folder))
    except NotRenderedError as error:
        return replace(read, unknown=(f"The rendered objects, and which pods restart: {error}",))


def _intent(side: Side, judge: Checkout | None, deployed: Deployment | None) -> Intent:
    if side.intent.errors:
        return side.intent
    if checkout.is_of_vault(side.config):
        return replace(NOTHING, errors=_refused(side.config))
    intent = engine.preview(side.checkout, judge, deployed)
    if not intent.is_refused:
        return intent
    # The engine stopped at the breach: only a preview without rules shows the program's other resources.
    return replace(engine.preview(side.checkout, None, deployed), violations=intent.violations)


def _refused(config: Config) -> tuple[str, ...]:
    try:
        parse_any(plain_values(config, _encrypted(config)))
    except SettingsError as error:
        return with_contradictions(error).problems
    return ()


def _encrypted(config: Config) -> list[str]:
    return [key for key, value in config.items() if value == STAND_IN]
