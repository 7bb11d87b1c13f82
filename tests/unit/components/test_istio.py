"""The components: the resources of each, their parents and their options."""

from dataclasses import replace

import pulumi
import pytest

from components.istio import IstioBase, Istiod
from components.manifest import make_namespace
from components.release import ReleaseArgs
from components.workloads import WorkloadNamespace, WorkloadNamespaceArgs
from pi_mesh import inventory
from pi_mesh.inventory import Kind
from pi_mesh.inventory.chart_lock import LockedChart
from pi_mesh.settings.releases import ChartSettings, ReleaseSettings
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import case, table
from tests.support.recorder import RELEASE, Registered, record
from tests.support.versions import NEWEST


def release_args(source: str | None = None, **how: object) -> ReleaseArgs:
    istiod = replace(make_mesh().the(Kind.ISTIOD), typed={"pilot": {"replicaCount": 1}})
    istiod = replace(istiod, source=ChartSettings(source=source)) if source else istiod
    return ReleaseArgs(istiod, ReleaseSettings(**how))


def released(component: type = Istiod, **overrides: object) -> Registered:
    """Return the one release that a component registers."""
    (release,) = record(lambda: component(release_args(**overrides))).of_type(RELEASE)
    return release


def test_a_release_has_a_fixed_name_an_exact_version_and_is_awaited_and_deleted_before_it_is_replaced():
    props = released().props
    assert (released().name, released().parent, released().delete_before_replace) == ("istiod-release", "istiod", True)
    assert (props["name"], props["version"], props["namespace"]) == ("istiod", NEWEST, "istio-system")
    assert (props["atomic"], props["cleanupOnFail"], props["skipAwait"]) == (True, True, False)
    assert (props["timeout"], props["maxHistory"]) == (900, 5)
    assert props["values"] == {"pilot": {"replicaCount": 1}}


def test_a_locked_chart_is_installed_from_the_very_file_that_is_hashed_and_its_sum_is_an_input():
    charts = tuple(
        LockedChart(chart=chart, version=NEWEST, source="https://charts.example", sha256="a" * 64)
        for chart in ("base", "istiod", "gateway")
    )
    locked = inventory.mesh_inventory(make_settings(), lock=charts).the(Kind.ISTIOD)
    (release,) = record(lambda: Istiod(ReleaseArgs(locked, ReleaseSettings()))).of_type(RELEASE)
    assert release.props["chart"] == f"charts/istiod-{NEWEST}.tgz"
    assert release.props["description"] == f"chart sha256:{'a' * 64}"
    assert "repositoryOpts" not in release.props


def test_base_has_no_pods_to_wait_for_and_failed_pods_stay_for_debugging_where_the_settings_say_so():
    base, failing = released(IstioBase).props, released(atomic=False).props
    assert (base["skipAwait"], base["atomic"]) == (True, False)
    assert (failing["atomic"], failing["cleanupOnFail"], failing["skipAwait"]) == (False, False, False)


@table(
    ("https://blob.istio.io/charts/", "istiod", {"repo": "https://blob.istio.io/charts"}),
    ("oci://ghcr.io/istio/release/charts", "oci://ghcr.io/istio/release/charts/istiod", None),
    (".lab/charts", f".lab/charts/istiod-{NEWEST}.tgz", None),
)
def test_charts_come_from_a_repository_a_registry_or_a_folder(source, chart, repository):
    props = released(source=source).props
    assert (props["chart"], props.get("repositoryOpts")) == (chart, repository)


@pytest.mark.parametrize("adopt", [False, True])
def test_a_namespace_of_our_own_is_deleted_and_an_adopted_one_stays(adopt):
    item = make_mesh(istio={"adopt": adopt}).namespace("istio")
    recording = record(lambda: make_namespace("home", item, pulumi.ResourceOptions()) and None)
    assert recording.one("home").retain_on_delete == adopt


def trading(**settings: object):
    mesh = make_mesh(**settings)
    args = WorkloadNamespaceArgs(mesh.namespace("trading"), mesh.objects_of("trading"))
    return record(lambda: WorkloadNamespace("trading", args))


def test_the_trading_namespace_has_its_bounds_before_any_workload_comes():
    recording = trading()
    bounds = ("trading-limitrange-workload-defaults", "trading-resourcequota-workloads", "trading-sidecar-default")
    assert all("trading-namespace" in recording.one(name).dependencies for name in bounds)


@pytest.mark.parametrize(("adopt", "namespace"), [(False, "trading-namespace"), (True, "")])
def test_the_namespace_takes_its_bounds_along_unless_a_destroy_retains_it(adopt, namespace):
    bounds = [item for item in trading(trading={"adopt": adopt}).resources if item.name.startswith("trading-")]
    assert {item.deleted_with for item in bounds if item.type != "kubernetes:core/v1:Namespace"} == {namespace}


@table(
    case("their own namespace and the control plane's", {}, {}, ["./*", "istio-system/*"]),
    case("a control plane elsewhere", {"namespace": "mesh"}, {"sidecarScope": ["shop/*"]}, ["shop/*", "mesh/*"]),
    case("without a scope the whole mesh", {}, {"sidecarScope": []}, None),
)
def test_sidecars_learn_of(istio, namespace, hosts):
    resources = trading(istio=istio, trading=namespace).resources
    scopes = [item.props["spec"] for item in resources if item.type.endswith(":Sidecar")]
    assert scopes == ([{"egress": [{"hosts": hosts}]}] if hosts else [])
