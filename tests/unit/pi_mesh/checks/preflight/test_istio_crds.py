"""The preflight's findings about foreign CRDs of Istio, and about CRDs that are too new."""

import pytest

from pi_mesh.checks.preflight.istio_crds import check_owners, check_versions
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Crd, Deployment, crd
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_snapshot, state_of
from tests.support.versions import NEWEST, OLDEST, SHIPPED

NAME, OWN = "gateways.networking.istio.io", "istio-system/istio-base"
FREE, KEPT, OTHERS, BASE = (Crd(NAME, release) for release in ("", OWN, "mesh/base", "istio-system/base"))
ISTIOD = {"deployments": (Deployment("mesh", "istiod", {"app": "istiod"}),)}
LIVING = {"releases": (ReleaseRecord("mesh", "base"), ReleaseRecord("istio-system", "base"))}
ERROR, ALIVE = (f"error crd {NAME}:", "; an Istio that may be alive needs them: workloads may depend on it: leave it")
LEFT = Crd("sidecars.networking.istio.io", OWN, NEWEST)
NEWER = (
    f"crd {LEFT.name}: 1 CRD is of Istio {NEWEST}, which an istiod of {SHIPPED} can't read…if `kubectl get istio-io "
    f"-A` lists nothing…`kubectl delete crd {LEFT.name}`…[1]"
)


@pytest.mark.row(12)
@pytest.mark.row(13)
@table(
    case("none", (), {}, (), NEWEST, "ok cluster: none there yet [0]"),
    case("those that an own destroy kept", (KEPT,), {}, (), NEWEST, "ok cluster: 1 there, none in the way [1]"),
    case("those of the Gateway API", (Crd("gateways.gateway.networking.k8s.io"),), {}, (), NEWEST, "ok …yet [0]"),
    case("any, with charts before 1.24", (FREE,), {}, (), SHIPPED, "ok cluster: 1 there, none in the way [1]"),
    case("of a living release", (OTHERS,), LIVING, (), NEWEST, f"{ERROR} 1 belongs to mesh/base; Helm …{ALIVE}…[1]"),
    case("those of a release that is gone", (OTHERS,), {}, (), NEWEST,
        f"{ERROR} 1 belongs to mesh/base; Helm refuses …; `python -m operations repair"),
    case("of no release, with the commands that hand them over", (FREE,), {}, (), NEWEST,
        f"{ERROR} 1 belongs to no Helm release; …kubectl label crd {NAME} app.kubernetes.io/managed-by=Helm…"
        "meta.helm.sh/release-name=istio-base meta.helm.sh/release-namespace=istio-system"),
    case("of a living istiod without a release", (FREE,), ISTIOD, (), NEWEST, f"{ERROR} 1 belongs to no Helm…{ALIVE}"),
    case("those of a release of the state, beside others", (BASE,), LIVING, ("base", "istiod"), NEWEST,
        f"{ERROR} 1 belongs to istio-system/base…; it is this stack's own release: see the row foreign istio [1]"),
    case("those of two releases, of which the state has one", (BASE, OTHERS), LIVING, ("base",), NEWEST,
        f"{ERROR} 2 belong to istio-system/base, mesh/base;…{ALIVE}…[2]"),
)  # fmt: skip
def test_crds_that_helm_would_refuse_are_named(crds, cluster, known, version, line):
    snapshot = make_snapshot(crds=crds, **cluster)
    assert_told(check_owners(observation(snapshot, state_of(releases=known), istio={"version": version})), line)


@table(
    case("those that a newer mesh left", LEFT, {"version": SHIPPED}, [f"error {NEWER}"]),
    case("those that the settings allow", LEFT, {"version": SHIPPED, "allowSkip": True}, [f"warning {NEWER}"]),
    case("of the same minor version", Crd(LEFT.name, OWN, OLDEST), {"version": SHIPPED}, []),
    case("for charts that bring their own", LEFT, {"version": "1.25.5"}, []),
    case("of no known version", Crd(LEFT.name), {"version": SHIPPED}, []),
    case("of others", Crd("x.others.example", version="9.9.9"), {"version": SHIPPED}, []),
)
def test_crds_that_istiod_can_not_read_are_named_with_the_cure(crd, istio, lines):
    assert_told(check_versions(observation(make_snapshot(crds=(crd,)), istio=istio)), *lines)


def test_the_version_of_a_crd_is_the_charts_label():
    meta = {"name": LEFT.name, "labels": {"app.kubernetes.io/version": "1.24.6"}}
    assert (crd({"metadata": meta}).version, crd({"metadata": meta}).minor) == ("1.24.6", 24)
