"""The first line of a stack's section, with the worst finding first."""

from collections import Counter
from collections.abc import Iterator, Sequence

from operations.preview.checkout import is_of_vault
from operations.preview.comparison import Comparison
from operations.preview.consequences import Consequences
from operations.preview.engine_result import Step
from operations.preview.value_words import enumerated
from pi_mesh.counts import agreeing, counted
from pi_mesh.names import EGRESS, INGRESS

NO_CHANGE = "No change to the cluster"
GATEWAYS = {INGRESS: "the ingress gateway", EGRESS: "the egress gateway"}
VERBS = {"replace": "replaces", "delete": "deletes", "create": "creates", "update": "updates"}
GONE = ("replace", "delete")
MOST_NAMES = 2


def line(found: Comparison) -> str:
    """Return the verdict."""
    return " · ".join([*_judgement(found), *_effects(found)])


def _judgement(found: Comparison) -> Iterator[str]:
    if found.errors:
        yield f"**does not preview**, {counted(len(found.errors), 'error')}"
    if broken := {violation.policy for violation in found.broken}:
        yield f"**{counted(len(broken), 'rule')} broken**"
    if found.relaxations.rules:
        yield f"**relaxes {counted(len(found.relaxations.rules), 'rule')}**"
    if found.relaxations.settings:
        yield f"**weakens {counted(len(found.relaxations.settings), 'setting')}**"
    if found.unsupported:
        yield found.unsupported.verdict
    if found.relaxations.code:
        yield "changes the code that judges it"


def _effects(found: Comparison) -> list[str]:
    if found.errors:
        return ["its changes are unknown"]
    if is_of_vault(found.after.config):
        changes = found.before.config != found.after.config
        return ["**changes the CA's settings**, with unknown effects in Vault" if changes else NO_CHANGE]
    refused = ["**`pulumi up` refuses it while the mesh runs**"] if found.consequences.lost_control_plane else []
    effects = [*refused, *_gone(found.steps), *_counts(found.steps)]
    if found.consequences.restarts:
        effects.append(f"restarts {together(found.consequences.restarts)}")
    if found.consequences.has_new_sidecars:
        effects.append(f"{staying(found.consequences)} until restarted")
    return effects or [NO_CHANGE]


def staying(effect: Consequences) -> str:
    """Return the running proxies that stay as they are."""
    if not effect.proxy:
        return "sidecars keep their settings"
    kept = f"keep proxy {effect.proxy}"
    return f"**{together(effect.stale)} and sidecars {kept}**" if effect.stale else f"sidecars {kept}"


def together(workloads: Sequence[str]) -> str:
    """Return workloads, given as `KIND NAMESPACE/NAME`, in the words of a sentence."""
    names = [GATEWAYS.get(name, name) for name in (key.rpartition("/")[2] for key in workloads)]
    if {*GATEWAYS.values()} <= {*names}:
        names = [*(name for name in names if name not in GATEWAYS.values()), "both gateways"]
    return enumerated(names)


def _gone(steps: Sequence[Step]) -> Iterator[str]:
    for verb in GONE:
        gone = [step for step in steps if step.verb == verb and not step.is_retained]
        namespaces = [step.object_name for step in gone if step.kind == "Namespace"]
        releases = [step.object_name for step in gone if step.kind == "Release"]
        yield from (f"**{VERBS[verb]} namespace {name}, everything in it is deleted**" for name in namespaces)
        others = len(gone) - len(namespaces) - len(releases)
        parts = [_releases(releases)] if releases else []
        parts += [counted(others, "other object" if len(gone) > others else "object")] if others else []
        if parts:
            yield f"**{VERBS[verb]} {enumerated(parts)}**"


def _releases(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMES:
        return counted(len(names), "release")
    return f"{agreeing(len(names), 'release', 'releases')} {enumerated(names)}"


def _counts(steps: Sequence[Step]) -> Iterator[str]:
    for verb in ("create", "update"):
        kinds = Counter(step.kind for step in steps if step.verb == verb)
        first = kinds.most_common(MOST_NAMES)
        parts = [counted(number, "release" if kind == "Release" else kind) for kind, number in first]
        others = kinds.total() - sum(number for _, number in first)
        if parts:
            yield f"{VERBS[verb]} {enumerated([*parts, *([counted(others, 'other object')] if others else [])])}"
