"""Encryption and access in a stack's state."""

from pi_mesh.cluster.access_state import RecordedAccess
from pi_mesh.cluster.stack_state import of_resources
from pi_mesh.values.traffic.authorization import DRY_RUN

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
