"""The refusals of a removed or changed revision or tag in use, and of an unsupported canary."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight.istio_revision import IN_PLACE, IN_USE, STEP, check
from pi_mesh.cluster.objects import Deployment, Namespace, Webhook
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.stack_state import RecordedRelease, StackState
from tests.support.factories import make_mesh
from tests.support.preflight_problems import observation
from tests.support.snapshots import installed_state, make_snapshot
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR, SHIPPED, next_patch

CANARY = {"version": NEWEST, "revision": "next"}
TAGGED = {"istio": {"canary": CANARY, "tags": {"stable": "next"}}, "trading": {"revision": "stable"}}
BOTH = make_mesh(**TAGGED)
LABELS = {"app": "istiod", "istio.io/rev": "next"}
SECOND = Deployment("istio-system", "istiod-next", LABELS, "istio-system/istiod-next")
HOOK = Webhook("Mutating", "istio-revision-tag-stable", "rev.namespace.sidecar-injector.istio.io", stack=BOTH.owner)
UNTAGGED = {"canary": CANARY}


def proxy(revision: str, name: str = "shop-0") -> Pod:
    container = Container("istio-proxy", image=f"istio/proxyv2:{NEWEST}")
    return Pod("trading", name, containers=(container,), annotations={"istio.io/rev": revision})


def asking(name: str, revision: str) -> dict[str, tuple[Namespace, ...]]:
    return {"namespaces": (Namespace(name, {"istio.io/rev": revision}),)}


def of_use(istio: dict | None = None, **cluster: object) -> list[Finding]:
    """Return the findings about revisions and tags in use, after a mesh with a second control plane and a tag."""
    snapshot = make_snapshot(**{"deployments": (SECOND,), "webhooks": (HOOK,), **cluster})
    findings = check(observation(snapshot, installed_state(BOTH), istio=istio or {}))
    return [finding for finding in findings if finding.id == IN_USE]


USED = {"pods": (proxy("next"), proxy("default"))}
LATER = {"canary": {**CANARY, "revision": "later"}, "tags": {"stable": "later"}}
USES = {
    "a revision that a proxy uses": ({}, USED, "error", "istio.canary", "revision next, which proxy trading/shop-0"),
    "one that the settings let go": ({"allowRemoval": True}, USED, "warning", "istio.canary", "revision next"),
    "one that another replaces": (LATER, USED, "error", "istio.canary", "revision next, which proxy trading/shop-0"),
    "one that somebody else's namespace asks for":
        ({}, asking("theirs", "next"), "error", "istio.canary", "revision next, which namespace theirs"),
    "a tag that a namespace asks for":
        (UNTAGGED, asking("theirs", "stable"), "error", "istio.tags", "tag stable, which namespace theirs"),
}  # fmt: skip


@pytest.mark.parametrize(("istio", "cluster", "level", "key", "words"), USES.values(), ids=USES)
def test_a_revision_or_tag_in_use_is_not_removed(istio, cluster, level, key, words):
    (finding,) = of_use(istio, **cluster)
    assert (finding.level, finding.name, finding.number) == (level, key, 1)
    assert finding.message.startswith(f"would remove the {words}")
    assert "operations refresh" in finding.fix


UNUSED = {
    "nobody uses it": ({}, {"pods": (proxy("default"),)}),
    "it stays": (TAGGED["istio"], USED),
    "a namespace asks for another": (UNTAGGED, asking("theirs", "other")),
    "the stack's own namespace moves with the same up": ({}, asking("trading", "stable")),
    "the tag is another stack's":
        (UNTAGGED, {**asking("a", "stable"), "webhooks": (replace(HOOK, stack="pi-mesh/other"),)}),
    "the webhook is none of a tag":
        (UNTAGGED, {**asking("a", "stable"), "webhooks": (replace(HOOK, configuration="stable"),)}),
}  # fmt: skip


@pytest.mark.parametrize(("istio", "cluster"), UNUSED.values(), ids=UNUSED)
def test_what_nobody_uses_or_nothing_removes_is_not_judged(istio, cluster):
    assert of_use(istio, **cluster) == []


@pytest.mark.parametrize(
    ("count", "users"),
    [
        (2, "which proxy trading/shop-0, proxy trading/shop-1 still use"),
        (3, "proxy trading/shop-1, proxy trading/shop-2 still use"),
        (4, "proxy trading/shop-2 and 1 more still use"),
    ],
)
def test_three_users_are_named_and_the_others_counted(count, users):
    (finding,) = of_use(pods=tuple(proxy("next", f"shop-{number}") for number in range(count)))
    assert finding.message.endswith(users)


OLD = {"istio-system/istiod": RecordedRelease(NEWEST, {"revision": "old"})}


@pytest.mark.parametrize(
    ("settings", "state", "words"),
    [
        ({"values": {"revision": "next"}}, installed_state(make_mesh()), "from default to next in place"),
        ({}, StackState(recorded=OLD), "from old to default in place"),
    ],
)
def test_a_revision_in_place_is_refused_and_the_way_is_the_canary(settings, state, words):
    (finding,) = check(observation(make_snapshot(), state, istio=settings))
    assert (finding.id, finding.level, finding.name) == (IN_PLACE, "error", "istio.values.revision")
    assert words in finding.message
    assert "istio.canary" in finding.fix


def of_canary(first: str, canary: str, kubernetes: str = "v1.35.2", **more: object) -> list[Finding]:
    istio = {"version": first, "canary": {**CANARY, "version": canary}, **more}
    return [*check(observation(make_snapshot(version=kubernetes), istio=istio))]


TWO_BEFORE, THREE_BEFORE = f"1.{NEWEST_MINOR - 2}.0", f"1.{NEWEST_MINOR - 3}.0"


@pytest.mark.parametrize(
    ("first", "canary", "more", "level"),
    [
        (NEWEST, next_patch(NEWEST), {}, "ok"),
        (TWO_BEFORE, NEWEST, {}, "ok"),
        (THREE_BEFORE, NEWEST, {}, "error"),
        (NEWEST, BEFORE, {}, "error"),
        (NEWEST, BEFORE, {"allowSkip": True}, "warning"),
    ],
)
def test_a_canary_is_of_the_same_or_up_to_two_newer_minor_versions(first, canary, more, level):
    finding, *_ = of_canary(first, canary, **more)
    assert (finding.id, finding.level, finding.name) == (STEP, level, "istio.canary.version")


def test_a_canary_is_judged_as_if_it_were_alone_under_its_own_key():
    _, kubernetes = of_canary(TWO_BEFORE, NEWEST, "v1.20.1")
    assert (kubernetes.level, kubernetes.name) == ("error", "v1.20.1")
    assert f"too old for Istio {NEWEST}" in kubernetes.message
    _, end_of_life = of_canary(SHIPPED, "1.22.0", "v1.29.4")
    assert (end_of_life.id, end_of_life.name) == ("istio end of life", "istio.canary.version")
