"""Encryption and access in a stack's state."""

from dataclasses import replace

import pytest

from pi_mesh.cluster.ca_state import VaultResource
from pi_mesh.cluster.stack_state import (
    GUARD,
    NEVER_RUN,
    RecordedAccess,
    RecordedRelease,
    StackState,
    of_resources,
    with_recorded_versions,
    without_gateway_version,
)
from pi_mesh.inventory import Inventory, Kind
from pi_mesh.names import ADOPTED_ANNOTATION, OWNER_ANNOTATION, VERSION_ANNOTATION
from pi_mesh.values.traffic.authorization import DRY_RUN
from tests.support.factories import make_mesh

POLICY = "kubernetes:security.istio.io/v1beta1:AuthorizationPolicy"


def resource(token: str, name: str, namespace: str = "trading", annotations: dict | None = None, **spec: object):
    metadata = {"name": name, "namespace": namespace, "annotations": annotations}
    return {"urn": f"urn::{name}", "type": token, "outputs": {"metadata": metadata, "spec": spec}}


def test_the_mode_of_the_mesh_is_that_of_its_peer_authentication():
    token = "kubernetes:security.istio.io/v1beta1:PeerAuthentication"
    legacy = resource(token, "legacy", mtls={"mode": "DISABLE"})
    state = of_resources([resource(token, "default", "istio-system", mtls={"mode": "PERMISSIVE"}), legacy])
    assert state.access.mtls_mode == "PERMISSIVE"


def test_a_default_deny_counts_only_where_it_is_enforced():
    tried = resource(POLICY, "default-deny", "shop", {DRY_RUN: "true"})
    state = of_resources([resource(POLICY, "default-deny"), tried, resource(POLICY, "other", "argocd")])
    assert state.access.denies == {"trading"}


def test_a_namespace_is_audited_by_its_telemetry():
    token = "kubernetes:telemetry.istio.io/v1alpha1:Telemetry"
    state = of_resources([resource(token, "pi-mesh-audit"), resource(token, "mesh-tracing", "istio-system")])
    assert state.access.audited == {"trading"}


def test_an_empty_state_records_nothing():
    assert of_resources([]).access == RecordedAccess()


ISTIOD = {"namespace": "istio-system", "name": "istiod", "version": "1.31.0", "values": {"pilot": {}}}
OWN = {"name": "trading", "uid": "t", "annotations": {OWNER_ANNOTATION: "pi-mesh/lab"}}
ADOPTED = {"name": "istio-system", "uid": "i", "annotations": {ADOPTED_ANNOTATION: "pi-mesh/lab"}}
RESOURCES = (
    {"type": "pulumi:pulumi:Stack", "outputs": {"cluster": {"context": "default", "uid": "c"}, "gateways": {}}},
    {"type": "pulumi:providers:kubernetes", "outputs": {"context": "default"}},
    {"type": "kubernetes:core/v1:Namespace", "outputs": {"metadata": OWN}},
    {"type": "kubernetes:core/v1:Namespace", "outputs": {"metadata": ADOPTED}},
    {"type": "kubernetes:helm.sh/v3:Release", "outputs": ISTIOD},
    {"type": "pi-mesh:istio:Istiod"},
)


def test_it_tells_the_cluster_the_namespaces_and_the_releases():
    recorded = {"istio-system/istiod": RecordedRelease("1.31.0", {"pilot": {}})}
    expected = StackState(
        "c",
        {"trading": "t", "istio-system": "i"},
        frozenset(recorded),
        has_provider=True,
        recorded=recorded,
        owned=frozenset({"trading"}),
    )
    assert of_resources(RESOURCES) == expected


def test_it_tells_what_is_in_vault_and_never_a_key():
    request = {"backend": "pki_int", "privateKey": "KEY", "csr": "asked"}
    made = of_resources([{"urn": "urn:x::y::vault:a$vault:b:C::ca-request-1", "type": "vault:b:C", "outputs": request}])
    assert made.vault == {"ca-request-1": VaultResource("vault:b:C", {"backend": "pki_int"})}


def test_a_stack_that_recorded_no_cluster_yet_tells_none():
    assert of_resources([{"type": "pulumi:pulumi:Stack", "outputs": {"istioVersion": "1.31.0"}}]) == NEVER_RUN


def test_only_the_very_namespace_of_the_state_is_held():
    state = of_resources(RESOURCES)
    assert (state.holds("trading", "t"), state.holds("trading", "new"), state.holds("shop", "")) == (True, False, False)


def test_it_tells_whether_a_plain_destroy_is_guarded():
    assert not of_resources(RESOURCES).has_guard
    assert of_resources([*RESOURCES, {"type": GUARD}]).has_guard


def annotations(mesh: Inventory) -> list[str | None]:
    values = [release.values["podAnnotations"] for release in mesh.of_kind(Kind.GATEWAY)]
    return [entry.get(VERSION_ANNOTATION) for entry in values if isinstance(entry, dict)]


def state_of(version: str, *, annotated: str | None) -> StackState:
    """Return the state of a run with this version of Istio, and with such an annotation of the gateways."""
    recorded = {}
    for release in make_mesh(istio={"version": version}).releases:
        values = without_gateway_version(release.values)
        if annotated and release.kind is Kind.GATEWAY:
            values = {**values, "podAnnotations": {**values["podAnnotations"], VERSION_ANNOTATION: annotated}}
        recorded[release.id] = RecordedRelease(version, values)
    return replace(NEVER_RUN, recorded=recorded)


def test_a_gateway_of_the_same_version_keeps_its_pods():
    mesh = make_mesh(istio={"version": "1.20.3"})
    state = state_of("1.20.3", annotated=None)
    kept = with_recorded_versions(mesh, state)
    assert {one.id: one.values for one in kept.releases} == {name: one.values for name, one in state.recorded.items()}


def test_an_upgrade_changes_the_pod_template():
    mesh = with_recorded_versions(make_mesh(istio={"version": "1.20.7"}), state_of("1.20.3", annotated=None))
    assert annotations(mesh) == ["1.20.7", "1.20.7"]


@pytest.mark.parametrize("state", [NEVER_RUN, state_of("1.20.7", annotated="1.20.7")])
def test_what_an_upgrade_or_a_first_install_brought_stays(state):
    assert annotations(with_recorded_versions(make_mesh(istio={"version": "1.20.7"}), state)) == ["1.20.7", "1.20.7"]


def test_charts_with_the_version_in_their_pod_template_need_no_annotation():
    assert annotations(with_recorded_versions(make_mesh(), NEVER_RUN)) == [None, None]


@pytest.mark.parametrize("annotated", ["1.21.6", None], ids=["after 1.21.6", "after 1.20.7 without an annotation"])
def test_a_chart_that_stays_the_same_for_two_versions_restarts_the_gateways_with_each(annotated):
    mesh = with_recorded_versions(make_mesh(istio={"version": "1.22.8"}), state_of("1.20.7", annotated=annotated))
    assert annotations(mesh) == ["1.22.8", "1.22.8"]
