"""The findings about changed settings that were never applied."""

from collections.abc import Callable
from dataclasses import replace

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.verify import settings_applied
from pi_mesh.cluster.helm_releases import AppliedRelease, ReleaseRecord, digest
from pi_mesh.cluster.stack_state import without_gateway_version
from pi_mesh.inventory import Release
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import applied_as_asked, found, in_cluster, make_verification
from tests.support.versions import BEFORE, NEWEST, SHIPPED

DEFAULTS = make_mesh()
RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "700m", "memory": "256Mi"}}
NO_REWRITE = {"rewriteAppHTTPProbe": False}
VAULT = {"enabled": True, "address": "https://vault.example", "key": "internal"}
Applied = Callable[[Release], AppliedRelease]
LOG, PASSWORD, PASSWORDS = ({"global": {key: on}} for key, on in (("logAsJson", True), ("a", "x1"), ("a", ["x1"])))
OLD = make_mesh(istio={"version": SHIPPED})
WITHOUT = tuple(replace(applied_as_asked(one), values=without_gateway_version(one.values)) for one in OLD.releases)
BY_VAULT = tuple(map(applied_as_asked, make_mesh(root="-----BEGIN CERTIFICATE-----", vault=VAULT).releases))
BY_DEFAULT = tuple(map(applied_as_asked, DEFAULTS.releases))
BALANCED = make_mesh(load_balancers=True)


def unapplied_settings(applied: Applied = applied_as_asked, **changes: object) -> dict[str, Finding]:
    """Return the findings about a mesh that was applied with the defaults, for a stack file with these changes."""
    observed = found(make_verification(make_mesh(**changes)), releases=tuple(map(applied, DEFAULTS.releases)))
    return {row.name: row for row in settings_applied.check(observed) if row.level is not Level.OK}


def extra(**values: object) -> dict:
    return {"istio": {"values": values}}


@table(
    ("ingress.replicas", {"ingress": {"replicas": 3}}, "3, the cluster has 1 (replicaCount and 2 more values of rel"),
    ("egress.drainSeconds", {"egress": {"drainSeconds": 33}}, "43, the cluster has 30 (terminationGracePeriodSeconds"),
    ("istio.pilotReplicas", {"istio": {"pilotReplicas": 5}}, "5, "),
    ("istio.resources", {"istio": {"resources": RESOURCES}}, "'700m', "),
    ("istio.version", {"istio": {"version": BEFORE}}, f"'{BEFORE}', the cluster has '{NEWEST}' (version of "),
    ("proxy.outboundTraffic", {"proxy": {"outboundTraffic": "REGISTRY_ONLY"}}, "'REGISTRY_ONLY', "),
    ("proxy.drainSeconds", {"proxy": {"drainSeconds": 9}}, ""),
    ("mtls.certificateLifetime", {"mtls": {"certificateLifetime": "24h"}}, ""),
    ("ingress.service.type", {"ingress": {"service": {"type": "LoadBalancer"}}}, "'LoadBalancer', "),
    ("images.hub", {"images": {"hub": "example.com/istio"}}, "'example.com/istio', "),
    ("images.pullPolicy", {"images": {"pullPolicy": "Never"}}, "'Never', "),
    ("istio.values.global.logAsJson", extra(**LOG), "True, the cluster has nothing (global.logAsJson of release"),
    ("istio.values.global.a", extra(**PASSWORD), "another value than the cluster has (global.a of"),
    ("istio.values.global.a", extra(**PASSWORDS), "another value than the cluster has (global.a of"),
    ("istio.values.sidecarInjectorWebhook.rewriteAppHTTPProbe", extra(sidecarInjectorWebhook=NO_REWRITE), "False, "),
)
def test_a_changed_setting_is_named_by_its_config_key_with_both_values(key, changes, words):
    row = unapplied_settings(**changes)[key]
    assert (row.level, "pulumi up" in row.fix, "x1" in str(row)) == (Level.ERROR, True, False)
    assert row.message.startswith(f"the stack file asks for {words}")


def left_by_up(release: Release) -> AppliedRelease:
    return replace(applied_as_asked(release), values=release.typed, extra=digest(release.id, release.extra))


def by_hand(release: Release) -> AppliedRelease:
    return replace(applied_as_asked(release), values={**release.values, "meshConfig": {"accessLogFile": "/dev/stdout"}})


def of_another_chart(release: Release) -> AppliedRelease:
    return replace(applied_as_asked(release), chart_version=BEFORE)


@table(
    case("where no secret is read", left_by_up, {"ingress": {"replicas": 3}}, "ingress.replicas"),
    case("a version", left_by_up, {"istio": {"version": BEFORE}}, "istio.version"),
    case("extra values", left_by_up, extra(**LOG), "istio.values"),
    case("a value that only Helm knows", by_hand, {}, "istio.values.meshConfig.accessLogFile"),
    case("another chart version alone", of_another_chart, {}, "istio.version"),
)
def test_a_change_is_named_by_what_up_left_and_by_what_helm_knows(applied, changes, key):
    assert key in unapplied_settings(applied, **changes)
    assert applied is not of_another_chart or [*unapplied_settings(applied)] == [key]


def test_a_finding_counts_its_values():
    assert unapplied_settings(ingress={"replicas": 3})["ingress.replicas"].number == 3


@table(
    case("a mesh that was applied", DEFAULTS, BY_DEFAULT, "OK=4 "),
    case("a type that the cluster decides", BALANCED, BY_DEFAULT, "WARNING ingress.service.type:"),
    case("Vault's root, which only Vault tells", make_mesh(vault=VAULT), BY_VAULT, "OK "),
    case("gateways from before the version annotation", OLD, WITHOUT, "OK "),
    case("nothing applied", DEFAULTS, (), ""),
)
def test_a_mesh_that_was_applied_is_as_asked(mesh, releases, line):
    assert_lines(settings_applied.check(found(make_verification(mesh), releases=releases)), line)


def test_a_gateway_that_is_switched_off_but_installed_is_named():
    observed = make_verification(make_mesh(egress={"enabled": False}))
    left = (*observed.snapshot.releases, ReleaseRecord("istio-system", "istio-egressgateway"))
    rows = [row for row in settings_applied.check(in_cluster(observed, releases=left)) if row.level is Level.ERROR]
    assert_lines(rows, "ERROR istio-system/istio-egressgateway")
