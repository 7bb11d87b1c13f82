"""The refusals of a removed or changed revision or tag in use, and of an unsupported canary."""

from dataclasses import replace

from pi_mesh.checks.preflight.istio_revision import IN_USE, check
from pi_mesh.cluster.objects import Deployment, Namespace, Webhook
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.stack_state import RecordedRelease, StackState
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import installed_state, make_snapshot
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR, SHIPPED, next_patch

CANARY = {"version": NEWEST, "revision": "next"}
UNTAGGED, TAGGED = {"canary": CANARY}, {"canary": CANARY, "tags": {"stable": "next"}}
BOTH = make_mesh(istio=TAGGED, trading={"revision": "stable"})
LABELS = {"app": "istiod", "istio.io/rev": "next"}
SECOND = Deployment("istio-system", "istiod-next", LABELS, "istio-system/istiod-next")
HOOK = Webhook("Mutating", "istio-revision-tag-stable", "rev.namespace.sidecar-injector.istio.io", stack=BOTH.owner)
OLD = StackState(recorded={"istio-system/istiod": RecordedRelease(NEWEST, {"revision": "old"})})
TWO_BEFORE, THREE_BEFORE = f"1.{NEWEST_MINOR - 2}.0", f"1.{NEWEST_MINOR - 3}.0"
KEY, TOO_FAR = "istio.canary.version", "Istio supports up to 2 minor versions more"


def proxies(*revisions: str) -> dict[str, tuple[Pod, ...]]:
    containers = (Container("istio-proxy", image=f"istio/proxyv2:{NEWEST}"),)
    notes = [{"istio.io/rev": revision} for revision in revisions]
    return {"pods": tuple(Pod("trading", f"p-{n}", containers=containers, annotations=a) for n, a in enumerate(notes))}


def asking(name: str, revision: str, **webhook: str) -> dict[str, tuple]:
    namespaces = (Namespace(name, {"istio.io/rev": revision}),)
    return {"namespaces": namespaces, "webhooks": (replace(HOOK, **webhook),)}


USED, LATER = proxies("next", "default"), {"canary": {**CANARY, "revision": "later"}, "tags": {"stable": "later"}}
REMOVES = "istio.canary: would remove the revision next, which "
STILL = f"error {REMOVES}{{}}; …operations refresh"


@table(
    case("a revision that a proxy uses", {}, USED, [f"{STILL.format('proxy trading/p-0 still uses')}…[1]"]),
    case("one that the settings let go", {"allowRemoval": True}, USED, [f"warning {REMOVES}proxy trading/p-0 still"]),
    case("one that another replaces", LATER, USED, [STILL.format("proxy trading/p-0 still uses")]),
    case("one of another's namespace", {}, asking("theirs", "next"), [STILL.format("namespace theirs still uses")]),
    case("a tag that a namespace asks for", UNTAGGED, asking("theirs", "stable"),
        ["error istio.tags: would remove the tag stable, which namespace theirs still uses; "]),
    case("two users", {}, proxies("next", "next"), [STILL.format("proxy trading/p-0, proxy trading/p-1 still use")]),
    case("three users", {}, proxies(*3 * ["next"]), [STILL.format("…proxy trading/p-1, proxy trading/p-2 still use")]),
    case("four users", {}, proxies(*4 * ["next"]), [STILL.format("…proxy trading/p-2 and 1 more still use")]),
    case("one that nobody uses", {}, proxies("default"), []),
    case("one that stays", TAGGED, USED, []),
    case("a namespace asks for another", UNTAGGED, asking("theirs", "other"), []),
    case("the stack's own namespace moves with the same up", {}, asking("trading", "stable"), []),
    case("the tag is another stack's", UNTAGGED, asking("a", "stable", stack="pi-mesh/other"), []),
    case("the webhook is none of a tag", UNTAGGED, asking("a", "stable", configuration="stable"), []),
)  # fmt: skip
def test_a_revision_or_tag_in_use_is_not_removed(istio, cluster, lines):
    snapshot = make_snapshot(**{"deployments": (SECOND,), "webhooks": (HOOK,), **cluster})
    told = check(observation(snapshot, installed_state(BOTH), istio=istio))
    assert_told([finding for finding in told if finding.id == IN_USE], *lines)


@table(
    ({"values": {"revision": "next"}}, installed_state(make_mesh()), "from default to next"),
    ({}, OLD, "from old to default"),
)
def test_a_revision_in_place_is_refused_and_the_way_is_the_canary(istio, state, words):
    line = f"error istio.values.revision: would change {words} in place: …; leave it, and set istio.canary"
    assert_told(check(observation(make_snapshot(), state, istio=istio)), line)


@table(
    case("a new patch", NEWEST, next_patch(NEWEST), {}, f"ok {KEY}: {next_patch(NEWEST)} may run beside {NEWEST}"),
    case("two versions more", TWO_BEFORE, NEWEST, {}, f"ok {KEY}"),
    case("three versions more", THREE_BEFORE, NEWEST, {}, f"error {KEY}: {NEWEST} beside {THREE_BEFORE}: {TOO_FAR}"),
    case("an older version", NEWEST, BEFORE, {}, f"error {KEY}: {BEFORE} beside {NEWEST}: {TOO_FAR}"),
    case("one that the settings allow", NEWEST, BEFORE, {"allowSkip": True}, f"warning {KEY}: "),
)
def test_a_canary_is_of_the_same_or_up_to_two_newer_minor_versions(first, canary, more, line):
    istio = {"version": first, "canary": {**CANARY, "version": canary}, **more}
    told, *_ = check(observation(make_snapshot(), istio=istio))
    assert_told([told], line)


@table(
    (TWO_BEFORE, NEWEST, "v1.20.1", f"error Kubernetes v1.20.1: is too old for Istio {NEWEST}"),
    (SHIPPED, "1.22.0", "v1.29.4", f"warning {KEY}: 1.22.0 has had no fixes since"),
)
def test_a_canary_is_judged_as_if_it_were_alone_under_its_own_key(first, canary, kubernetes, line):
    istio = {"version": first, "canary": {**CANARY, "version": canary}}
    assert_told(check(observation(make_snapshot(version=kubernetes), istio=istio)), "ok", line)
