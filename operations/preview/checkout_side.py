"""One side of a comparison: its config, its rules, the resources of its program, and their Kubernetes objects."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from operations.preview import budget_rows, checkout, engine, rendered, rule_set
from operations.preview.budget_rows import Rows
from operations.preview.checkout import WITHOUT_CA, Config, StackFileError
from operations.preview.engine import Checkout
from operations.preview.engine_result import NOTHING, Intent
from operations.preview.engine_state import Deployment
from operations.preview.rendered import NotRenderedError, Objects
from operations.preview.rule_set import RuleSet, RulesUnreadableError
from pi_mesh.inventory import with_contradictions
from pi_mesh.settings import SettingsError, parse_any
from pi_mesh.settings.raw import STAND_IN, plain_values


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
    budget: Rows = field(default_factory=dict)


@dataclass(frozen=True)
class OpenedSide:
    """A checkout that is ready for the engine, or the problems that prevent it."""

    checkout: Checkout
    config: Config = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def opened(folder: Path, stack: str, charts: str) -> OpenedSide:
    """Prepare a checkout; its folder is changed."""
    source = checkout.use_charts(folder, Path(charts), stack) if charts else {}
    try:
        config = checkout.prepare(folder, stack)
    except StackFileError as problem:
        return OpenedSide(Checkout(folder, stack, source), problems=(str(problem),))
    return OpenedSide(Checkout(folder, stack, source), config)


def judged(side: OpenedSide) -> OpenedSide:
    """Return a side with the problems of its whole settings: the engine gets them without the CA.

    Only for a side whose program is the one that runs here: another one may have other settings.
    """
    return replace(side, problems=_refused(side.config)) if WITHOUT_CA.keys() & side.config.keys() else side


def of(side: OpenedSide, judge: Checkout | None = None, deployed: Deployment | None = None) -> Side:
    """Preview and render a side; the arguments as in `engine.preview`."""
    intent = _intent(side, judge, deployed)
    budget = _budget(side, intent)
    rules, problem = _rules(side)
    try:
        return Side(side.config, intent, rendered.objects(intent, side.checkout.folder), rules, problem, budget=budget)
    except NotRenderedError as error:
        unknown = f"The rendered objects, and which pods restart: {error}"
        return Side(side.config, intent, {}, rules, problem, (unknown,), budget)


def _budget(side: OpenedSide, intent: Intent) -> Rows:
    exported = intent.outputs.get("budget")
    return budget_rows.read(side.checkout, side.config, _encrypted(side.config), exported) if exported else {}


def _rules(side: OpenedSide) -> tuple[RuleSet, str | None]:
    try:
        return rule_set.read(side.checkout), None
    except RulesUnreadableError as error:
        return {}, str(error)


def _intent(side: OpenedSide, judge: Checkout | None, deployed: Deployment | None) -> Intent:
    if side.problems:
        return replace(NOTHING, errors=side.problems)
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
