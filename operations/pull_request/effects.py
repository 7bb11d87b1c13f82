"""The verdict, with the worst finding first, and the lines on the effects on the cluster and the work after."""

from collections import Counter
from collections.abc import Iterator, Sequence

from operations.pull_request.checkout import is_of_vault
from operations.pull_request.compare import Comparison
from operations.pull_request.engine import Step
from operations.pull_request.manifests import Consequences
from operations.pull_request.markdown import code
from pi_mesh.names import EGRESS, INGRESS
from pi_mesh.words import agreeing, counted, enumerated

NO_CHANGE = "No change to the cluster"
GATEWAYS = {INGRESS: "the ingress gateway", EGRESS: "the egress gateway"}
VERBS = {"replace": "replaces", "delete": "deletes", "create": "creates", "update": "updates"}
GONE = ("replace", "delete")
MOST_NAMES = 2


def verdict(comparison: Comparison) -> str:
    return " · ".join([*_judgement(comparison), *_short_effects(comparison)])


def _judgement(comparison: Comparison) -> Iterator[str]:
    if comparison.errors:
        yield f"**does not preview**, {counted(len(comparison.errors), 'error')}"
    if broken := {violation.policy for violation in comparison.broken}:
        yield f"**{counted(len(broken), 'rule')} broken**"
    if comparison.relaxations.rules:
        yield f"**relaxes {counted(len(comparison.relaxations.rules), 'rule')}**"
    if comparison.relaxations.settings:
        yield f"**weakens {counted(len(comparison.relaxations.settings), 'setting')}**"
    if comparison.unsupported:
        yield comparison.unsupported[0]
    if comparison.relaxations.charts:
        yield "**weakens the chart lock**"
    if comparison.relaxations.code:
        yield "changes the code that judges it"


def _short_effects(comparison: Comparison) -> list[str]:
    if comparison.errors:
        return ["its changes are unknown"]
    if is_of_vault(comparison.after.config):
        changes = comparison.before.config != comparison.after.config
        return ["**changes the CA's settings**, with unknown effects in Vault" if changes else NO_CHANGE]
    refused = ["**`pulumi up` refuses it while the mesh runs**"] if comparison.consequences.lost_control_plane else []
    effects = [*refused, *_short_deletions(comparison.steps), *_counts(comparison.steps)]
    if comparison.consequences.restarts:
        effects.append(f"restarts {workloads_in_words(comparison.consequences.restarts)}")
    if comparison.consequences.drains:
        effects.append("**closes open connections**")
    if comparison.consequences.has_new_sidecars:
        effects.append(f"{stale_proxies(comparison.consequences)} until restarted")
    return effects or [NO_CHANGE]


def stale_proxies(effect: Consequences) -> str:
    """Return the running proxies that stay as they are."""
    if not effect.proxy:
        return "sidecars keep their settings"
    kept = f"keep proxy {effect.proxy}"
    return f"**{workloads_in_words(effect.stale)} and sidecars {kept}**" if effect.stale else f"sidecars {kept}"


def workloads_in_words(workloads: Sequence[str]) -> str:
    """Return workloads, given as `KIND NAMESPACE/NAME`, in the words of a sentence."""
    names = [GATEWAYS.get(name, name) for name in (key.rpartition("/")[2] for key in workloads)]
    if {*GATEWAYS.values()} <= {*names}:
        names = [*(name for name in names if name not in GATEWAYS.values()), "both gateways"]
    return enumerated(names)


def _short_deletions(steps: Sequence[Step]) -> Iterator[str]:
    for verb in GONE:
        gone = [step for step in steps if step.verb == verb and not step.is_retained]
        namespaces = [step.object_name for step in gone if step.kind == "Namespace"]
        releases = [step.object_name for step in gone if step.kind == "Release"]
        yield from (f"**{VERBS[verb]} namespace {name}, everything in it is deleted**" for name in namespaces)
        others = len(gone) - len(namespaces) - len(releases)
        several = len(releases) > MOST_NAMES
        named = f"{agreeing(len(releases), 'release', 'releases')} {enumerated(releases)}"
        parts = [counted(len(releases), "release") if several else named] if releases else []
        parts += [counted(others, "other object" if len(gone) > others else "object")] if others else []
        if parts:
            yield f"**{VERBS[verb]} {enumerated(parts)}**"


def _counts(steps: Sequence[Step]) -> Iterator[str]:
    for verb in ("create", "update"):
        kinds = Counter(step.kind for step in steps if step.verb == verb)
        first = kinds.most_common(MOST_NAMES)
        parts = [counted(number, "release" if kind == "Release" else kind) for kind, number in first]
        others = kinds.total() - sum(number for _, number in first)
        if parts:
            yield f"{VERBS[verb]} {enumerated([*parts, *([counted(others, 'other object')] if others else [])])}"


WITH = {
    "Namespace": ", and **everything in {it}**, including objects of other owners",
    "Release": ", and {its} pods with {it}",
}
"""Objects that are deleted together with an object of a kind."""


def effect_lines(comparison: Comparison) -> Iterator[str]:
    alike: dict[tuple[object, ...], list[Step]] = {}
    for step in comparison.steps:
        if step.verb in GONE:
            alike.setdefault((step.verb, step.kind, step.keys, step.is_retained), []).append(step)
    yield from map(_deletion, alike.values())
    if comparison.unsupported:
        yield comparison.unsupported[1]
    effect = comparison.consequences
    if effect.restarts:
        singular, plural = "restarts: its pod template changes", "restart: their pod templates change"
        verb = agreeing(len(effect.restarts), singular, plural)
        yield f"{enumerated([code(key) for key in effect.restarts])} {verb}."
    if effect.drains:
        yield f"Open connections are closed when they have drained: {'; '.join(map(str, effect.drains))}."
    if effect.lost_control_plane:
        yield (
            f"Running sidecars look for istiod in {code(effect.lost_control_plane)}, where it no longer runs: "
            "until their pods restart, they keep their last configuration, and their certificates expire."
        )
        # Preflight's refusal, which only a running cluster shows.
        destroy = code(f"pulumi destroy -s {comparison.stack}")
        repair = code(f"python -m operations repair -s {comparison.stack} --yes")
        yield (
            "Preflight refuses this `pulumi up` (foreign istio) while istiod runs in "
            f"{code(effect.lost_control_plane)}. To move it, run {destroy} first, which deletes the stack's namespaces "
            f"but for adopted ones, then {repair} for the CRDs."
        )
    elif effect.has_new_sidecars:
        yield f"Running proxies stay: {stale_proxies(effect)} until their pods restart."
    if effect.stale:
        places = [key.partition(" ")[2].split("/") for key in effect.stale]  # all in the namespace of the mesh
        names = " ".join(f"deployment/{name}" for _, name in places)
        command = code(f"kubectl rollout restart -n {places[0][0]} {names}")
        yield f"The gateways' own pod templates do not change. After the update: {command}."


def _deletion(steps: Sequence[Step]) -> str:
    first, *others = steps
    is_one = not others
    what = f"{first.kind}{'' if is_one else 's'} {enumerated([code(step.object_name) for step in steps])}"
    if first.is_retained:
        return f"{what} {'leaves' if is_one else 'leave'} the stack; the cluster keeps {'it' if is_one else 'them'}."
    pronouns = {"it": "it", "its": "its"} if is_one else {"it": "them", "its": "their"}
    rest = WITH.get(first.kind, "").format(**pronouns)
    reason = f" for {pronouns['its']} {enumerated([code(key) for key in first.keys])}" if first.keys else ""
    return f"{what} {'is' if is_one else 'are'} **{first.verb}d**{reason}{rest}."
