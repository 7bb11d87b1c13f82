"""The lines about the effects on the cluster, their reasons, and the work after the update."""

from collections.abc import Iterator, Sequence

from operations.preview.comparison import Comparison
from operations.preview.engine_result import Step
from operations.preview.value_words import code, enumerated
from operations.preview.verdict import GONE, staying
from pi_mesh.counts import agreeing

WITH = {
    "Namespace": ", and **everything in {it}**, including objects of other owners",
    "Release": ", and {its} pods with {it}",
}
"""Objects that are deleted together with an object of a kind."""


def lines(found: Comparison) -> Iterator[str]:
    """Yield a line for each effect."""
    alike: dict[tuple[object, ...], list[Step]] = {}
    for step in found.steps:
        if step.verb in GONE:
            alike.setdefault((step.verb, step.kind, step.keys, step.is_retained), []).append(step)
    yield from map(_gone, alike.values())
    if found.unsupported:
        yield found.unsupported.effect
    effect = found.consequences
    if effect.restarts:
        one, several = "restarts: its pod template changes", "restart: their pod templates change"
        verb = agreeing(len(effect.restarts), one, several)
        yield f"{enumerated([code(key) for key in effect.restarts])} {verb}."
    if effect.lost_control_plane:
        yield (
            f"Running sidecars look for istiod in {code(effect.lost_control_plane)}, where it no longer runs: "
            "until their pods restart, they keep their last configuration, and their certificates expire."
        )
        yield _refusal(found.stack, effect.lost_control_plane)
    elif effect.has_new_sidecars:
        yield f"Running proxies stay: {staying(effect)} until their pods restart."
    if effect.stale:
        yield f"The gateways' own pod templates do not change. After the update: {code(_restart(effect.stale))}."


def _refusal(stack: str, namespace: str) -> str:
    """Return preflight's refusal of an istiod that moves, which only a running cluster shows."""
    destroy, repair = code(f"pulumi destroy -s {stack}"), code(f"python -m operations repair -s {stack} --yes")
    return (
        f"Preflight refuses this `pulumi up` (foreign istio) while istiod runs in {code(namespace)}. To move it, run "
        f"{destroy} first, which deletes the stack's namespaces but for adopted ones, then {repair} for the CRDs."
    )


def _restart(workloads: Sequence[str]) -> str:
    """Return the command that restarts workloads of one namespace, that of the mesh."""
    places = [key.partition(" ")[2].split("/") for key in workloads]
    (namespace, _), *_ = places
    return f"kubectl rollout restart -n {namespace} {' '.join(f'deployment/{name}' for _, name in places)}"


def _gone(steps: Sequence[Step]) -> str:
    first, *others = steps
    is_one = not others
    what = f"{first.kind}{'' if is_one else 's'} {enumerated([code(step.object_name) for step in steps])}"
    if first.is_retained:
        return f"{what} {'leaves' if is_one else 'leave'} the stack; the cluster keeps {'it' if is_one else 'them'}."
    pronouns = {"it": "it", "its": "its"} if is_one else {"it": "them", "its": "their"}
    rest = WITH.get(first.kind, "").format(**pronouns)
    reason = f" for {pronouns['its']} {enumerated([code(key) for key in first.keys])}" if first.keys else ""
    return f"{what} {'is' if is_one else 'are'} **{first.verb}d**{reason}{rest}."
