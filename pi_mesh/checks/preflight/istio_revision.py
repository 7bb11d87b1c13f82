"""A second control plane must be supported beside the first, and no revision in use may be removed."""

from collections.abc import Iterator
from dataclasses import replace

from pi_mesh.catalog.istio import minor_of
from pi_mesh.checks.finding import Finding, Level, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import kernel_addresses, kubernetes_version
from pi_mesh.checks.upgrade_path import ANYWAY
from pi_mesh.cluster import proxies
from pi_mesh.inventory import Kind
from pi_mesh.names import ISTIOD, REVISION_LABEL, TAG_WEBHOOK
from pi_mesh.settings.istio import DEFAULT_REVISION
from pi_mesh.words import agreeing, listed

STEP, IN_PLACE, IN_USE = "canary version", "istio revision", "revision in use"
KEY = "istio.canary.version"
AHEAD = 2
"""Minor versions by which a canary may be newer: https://istio.io/latest/docs/setup/upgrade/canary/."""
SHOWN = 3


def check(observation: Observation) -> Iterator[Finding]:
    yield from _in_place(observation)
    yield from _canary(observation)
    yield from _removed(observation)


def _in_place(observation: Observation) -> Iterator[Finding]:
    """Refuse another revision of an installed release: its istiod would be replaced by one of another name."""
    for release in (*observation.mesh.of_kind(Kind.ISTIOD), *observation.mesh.of_kind(Kind.CANARY)):
        both = (observation.state.recorded.get(release.id) or release, release)
        before, after = (str(version.values.get("revision") or DEFAULT_REVISION) for version in both)
        if before != after:
            message = f"would change from {before} to {after} in place: every proxy of {before} would lose its istiod"
            fix = "leave it, and set istio.canary with the new revision: namespaces then move to it one by one"
            yield error(IN_PLACE, setting(f"{release.setting}.values.revision"), message, fix)


def _canary(observation: Observation) -> Iterator[Finding]:
    """Judge the canary's version beside the first control plane's, and then as if it were alone."""
    canary, first = observation.settings.istio.canary, observation.settings.istio.version
    if not canary:
        return
    ahead = minor_of(canary.version) - minor_of(first)
    if 0 <= ahead <= AHEAD:
        yield ok(STEP, setting(KEY), f"{canary.version} may run beside {first}")
    else:
        message = f"{canary.version} beside {first}: Istio supports up to {AHEAD} minor versions more"
        level = warning if observation.settings.istio.allow_skip else error
        yield level(STEP, setting(KEY), message, f"choose a version between; {ANYWAY}")
    alone = replace(observation, mesh=replace(observation.mesh, settings=observation.settings.of_canary))
    for check_version in (kubernetes_version.check, kubernetes_version.check_end_of_life, kernel_addresses.check):
        for finding in check_version(alone):
            if finding.level is not Level.OK:
                yield replace(finding, name=KEY if finding.name == "istio.version" else finding.name)


def _removed(observation: Observation) -> Iterator[Finding]:
    """Refuse to remove a revision or a tag that proxies, or namespaces of other owners, still use."""
    level = warning if observation.settings.istio.allow_removal else error
    for name, what in _going(observation).items():
        if users := _users(observation, name):
            verb = agreeing(len(users), "uses", "use")
            message = f"would remove the {what} {name}, which {listed(users, SHOWN)} still {verb}"
            fix = (
                "put it back, move them (`revision` of trading, namespaces and gateways, the label istio.io/rev) with "
                "`pulumi up`, restart them with `python -m operations refresh -s STACK`, and then remove it; "
                "`istio.allowRemoval: true` removes it anyway"
            )
            key = "istio.tags" if what == "tag" else "istio.canary"
            yield level(IN_USE, setting(key), message, fix, number=len(users))


def _going(observation: Observation) -> dict[str, str]:
    """Return what this `up` removes: revisions of releases in the state, and tags of webhooks in the cluster."""
    ours = [entry for entry in observation.snapshot.deployments if entry.release in observation.state.recorded]
    there = {entry.labels.get(REVISION_LABEL, "") for entry in ours if entry.labels.get("app") == ISTIOD}
    staying = {str(release.values.get("revision")) for release in observation.mesh.of_kind(Kind.CANARY)}
    revisions = there - staying - {"", DEFAULT_REVISION}
    hooks = {hook.configuration for hook in observation.snapshot.webhooks if hook.stack == observation.mesh.owner}
    tags = {name.removeprefix(TAG_WEBHOOK) for name in hooks if name.startswith(TAG_WEBHOOK)}
    tags -= observation.settings.istio.tags.keys()
    return {**dict.fromkeys(sorted(revisions), "revision"), **dict.fromkeys(sorted(tags), "tag")}


def _users(observation: Observation, name: str) -> list[str]:
    """Return the running proxies of a revision, and the namespaces that ask for it, without this stack's own."""
    running = proxies.of_snapshot(observation.snapshot, observation.settings.istio.namespace)
    own = {item.name for item in observation.mesh.namespaces}
    led = [f"proxy {proxy.id}" for proxy in running.proxies if proxy.revision == name]
    asking = (entry.name for entry in observation.snapshot.namespaces if entry.revision == name)
    return [*led, *(f"namespace {asked}" for asked in asking if asked not in own)]
