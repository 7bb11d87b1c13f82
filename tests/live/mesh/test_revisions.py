"""Two control planes: a namespace moves to the second one and back, and no revision goes while proxies use it."""

import json
from collections.abc import Callable, Iterator

import pytest

from lab.calls import settled, status
from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.toolchain.istio_parts import ISTIO
from lab.workloads import CONTROL, TRADING
from tests.live.traffic.cast import INGRESS_URL
from tests.live.traffic.load import streams
from tests.live.traffic.shop import INSIDER, SHOP, VISITOR, WAYS, open_shop
from tests.support.project import Project

REVISION, TAG = "next", "stable"
SIDECARS = {SHOP.name, INSIDER.name}
OLDER = [
    pytest.param(ISTIO, id="of one version"),
    pytest.param("1.30.0", id="from 1.30", marks=pytest.mark.long),
]


@pytest.fixture(params=OLDER)
def first(request: pytest.FixtureRequest, alone: Project, older_istio: Callable[[str], None]) -> Iterator[Project]:
    """The stack lab with a first control plane of some version, and workloads that it leads."""
    if request.param == ISTIO:
        alone.must_hold_the_shipped_mesh()
    else:
        older_istio(request.param)
        alone.must_hold_nothing()
        kubectl("delete", "crds", "--selector=app=istio-pilot")
        alone.set("istio.version", request.param)
        alone.must_up()
    with open_shop():
        yield alone
        alone.reset()


def proxies(key: str = "istio.io/rev") -> dict[str, str]:
    """Return workload -> what this annotation of its pods says: by default the revision whose istiod leads them."""
    return {
        pod["metadata"]["name"].rsplit("-", 2)[0]: pod["metadata"]["annotations"][key] for pod in staying_pods(TRADING)
    }


def connected(istiod: str) -> set[str]:
    """Return the trading workloads whose proxies have their connection to an istiod."""
    path = ("pilot-discovery", "request", "GET", "/debug/syncz")
    said = json.loads(kubectl("exec", f"--namespace={CONTROL}", f"deployment/{istiod}", "--", *path))
    names = (entry["proxy"].split(".") for entry in said)
    return {pod.rsplit("-", 2)[0] for pod, namespace in names if namespace == TRADING}


def test_a_namespace_moves_and_comes_back_and_a_used_revision_stays(first: Project, figure):
    kept = get("deployment", "istiod", f"--namespace={CONTROL}")["metadata"]["uid"]
    first.set("istio.canary", {"version": ISTIO, "revision": REVISION})
    first.set("istio.tags", {TAG: REVISION})
    first.set("trading.revision", TAG)
    with streams(**WAYS) as tallies:
        assert "replaced" not in first.must_up().output
        assert connected("istiod") == SIDECARS
        first.operation("refresh", "--yes").must()
        assert proxies() == dict.fromkeys(SIDECARS, REVISION)
        assert settled(lambda: connected(f"istiod-{REVISION}"), SIDECARS) == SIDECARS
        first.operation("verify").must()

        content = (first.folder / "Pulumi.lab.yaml").read_text()
        for key in ("istio.canary", "trading.revision"):
            first.set(key, None)
        first.set("istio.tags", {})
        refused = first.up()
        assert refused.status != 0
        line = refused.line_with(f"would remove the revision {REVISION}")
        assert get("deployment", f"istiod-{REVISION}", f"--namespace={CONTROL}")

        (first.folder / "Pulumi.lab.yaml").write_text(content)
        first.set("istio.tags", {TAG: "default"})  # the one setting that moves whoever follows the tag
        first.must_up()
        first.operation("refresh", "--yes").must()
        assert proxies() == dict.fromkeys(SIDECARS, "default")
        for key in ("istio.canary", "trading.revision"):
            first.set(key, None)
        first.set("istio.tags", {})
        first.must_up()
    first.operation("verify").must()
    assert get("deployment", "istiod", f"--namespace={CONTROL}")["metadata"]["uid"] == kept
    assert settled(lambda: status(VISITOR, INGRESS_URL), 200) == 200
    assert {name: tally.failed for name, tally in tallies.items()} == {name: {} for name in WAYS}
    figure(f"{'; '.join(f'{name}: {tally}' for name, tally in tallies.items())}; refused: {line.strip()}")
