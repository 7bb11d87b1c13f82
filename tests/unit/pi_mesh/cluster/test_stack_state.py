"""The record in a stack's state: cluster, namespaces, releases, encryption and access."""

from dataclasses import replace

from pi_mesh.cluster import stack_state
from pi_mesh.cluster.ca_state import VaultResource
from pi_mesh.cluster.stack_state import GUARD, NEVER_RUN, RecordedAccess, RecordedRelease, StackState, of_resources
from pi_mesh.inventory import Kind
from pi_mesh.names import ADOPTED_ANNOTATION, OWNER_ANNOTATION, VERSION_ANNOTATION
from pi_mesh.values.traffic.authorization import DRY_RUN
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.versions import NEWEST, OLDEST, SHIPPED

POLICY = "kubernetes:security.istio.io/v1beta1:AuthorizationPolicy"
PEERS = "kubernetes:security.istio.io/v1beta1:PeerAuthentication"
TELEMETRY = "kubernetes:telemetry.istio.io/v1alpha1:Telemetry"
OWN = {"name": "trading", "uid": "t", "annotations": {OWNER_ANNOTATION: "pi-mesh/lab"}}
ADOPTED = {"name": "istio-system", "uid": "i", "annotations": {ADOPTED_ANNOTATION: "pi-mesh/lab"}}
ISTIOD = {"namespace": "istio-system", "name": "istiod", "version": NEWEST, "values": {"pilot": {}}}
RESOURCES = (
    {"type": "pulumi:pulumi:Stack", "outputs": {"cluster": {"context": "default", "uid": "c"}, "gateways": {}}},
    {"type": "pulumi:providers:kubernetes", "outputs": {"context": "default"}},
    *({"type": "kubernetes:core/v1:Namespace", "outputs": {"metadata": metadata}} for metadata in (OWN, ADOPTED)),
    {"type": "kubernetes:helm.sh/v3:Release", "outputs": ISTIOD},
    {"type": "pi-mesh:istio:Istiod"},
)


def resource(token: str, name: str, namespace: str = "trading", annotations: dict | None = None, mode: str = ""):
    metadata = {"name": name, "namespace": namespace, "annotations": annotations}
    spec = {"mtls": {"mode": mode}} if mode else {}
    return {"urn": f"urn::{name}", "type": token, "outputs": {"metadata": metadata, "spec": spec}}


LEGACY = resource(PEERS, "legacy", mode="DISABLE")
MESH = resource(PEERS, "default", "istio-system", mode="PERMISSIVE")
DENY, TRIED = resource(POLICY, "default-deny"), resource(POLICY, "default-deny", "shop", {DRY_RUN: "true"})
AUDIT, TRACING = resource(TELEMETRY, "pi-mesh-audit"), resource(TELEMETRY, "mesh-tracing", "istio-system")


@table(
    case("an empty state records nothing", [], {}),
    case("the mesh's mode is of its PeerAuthentication", [MESH, LEGACY], {"mtls_mode": "PERMISSIVE"}),
    case("a default deny counts only where it is enforced", [DENY, TRIED, resource(POLICY, "other", "argocd")],
        {"denies": {"trading"}}),
    case("a namespace is audited by its telemetry", [AUDIT, TRACING], {"audited": {"trading"}}),
)  # fmt: skip
def test_encryption_and_access_are_those_of_the_policies(resources, access):
    assert of_resources(resources).access == replace(RecordedAccess(), **access)


def test_the_objects_are_those_that_istiod_reads_and_network_policies():
    istios = ("networking.istio.io/v1beta1:VirtualService", "gateway.networking.k8s.io/v1:HTTPRoute")
    read = (*istios, "networking.k8s.io/v1:NetworkPolicy")
    others = ("core/v1:ConfigMap", "networking.k8s.io/v1:Ingress")
    resources = [resource(f"kubernetes:{kind}", kind) for kind in (*read, *others)]
    assert [item["metadata"]["name"] for item in of_resources(resources).objects] == [*read]


def test_it_tells_the_cluster_the_very_namespaces_and_the_releases():
    recorded = {"istio-system/istiod": RecordedRelease(NEWEST, {"pilot": {}})}
    uids, ours = {"trading": "t", "istio-system": "i"}, frozenset({"trading"})
    state = of_resources(RESOURCES)
    assert state == StackState("c", uids, frozenset(recorded), has_provider=True, recorded=recorded, owned=ours)
    assert (state.holds("trading", "t"), state.holds("trading", "new"), state.holds("shop", "")) == (True, False, False)


def test_the_cluster_of_a_users_own_program_is_that_of_its_mesh():
    stack, mesh = {"type": "pulumi:pulumi:Stack", "outputs": {}}, {"outputs": {"cluster": {"uid": "c"}}}
    assert of_resources([stack, {"type": stack_state.MESH, "outputs": mesh}]).cluster_uid == "c"


def test_it_tells_what_is_in_vault_and_never_a_key():
    request = {"backend": "pki_int", "privateKey": "KEY", "csr": "asked"}
    urn = "urn:x::y::vault:a$vault:b:C::ca-request-1"
    state = of_resources([{"urn": urn, "type": "vault:b:C", "outputs": request}])
    assert state.vault == {"ca-request-1": VaultResource("vault:b:C", {"backend": "pki_int"})}


def test_a_stack_that_recorded_no_cluster_yet_tells_none():
    assert of_resources([{"type": "pulumi:pulumi:Stack", "outputs": {"istioVersion": NEWEST}}]) == NEVER_RUN


def test_it_tells_whether_a_plain_destroy_is_guarded():
    assert [of_resources(items).has_guard for items in (RESOURCES, [*RESOURCES, {"type": GUARD}])] == [False, True]


def state_of(version: str, annotated: str | None) -> StackState:
    """Return the state of a run with this version of Istio, and with such an annotation of the gateways."""
    recorded = {}
    for release in make_mesh(istio={"version": version}).releases:
        values = stack_state.without_gateway_version(release.values)
        if annotated and release.kind is Kind.GATEWAY:
            values = {**values, "podAnnotations": {**values["podAnnotations"], VERSION_ANNOTATION: annotated}}
        recorded[release.id] = RecordedRelease(version, values)
    return replace(NEVER_RUN, recorded=recorded)


def test_a_gateway_of_the_same_version_keeps_its_pods():
    state = state_of(SHIPPED, None)
    for release in stack_state.with_recorded_versions(make_mesh(istio={"version": SHIPPED}), state).releases:
        assert release.values == state.recorded[release.id].values


@table(
    case("an upgrade changes the pod template", OLDEST, state_of(SHIPPED, None), OLDEST),
    case("a first install's annotation stays", OLDEST, NEVER_RUN, OLDEST),
    case("what an upgrade brought stays", OLDEST, state_of(OLDEST, OLDEST), OLDEST),
    case("charts with the version in their pod template need none", NEWEST, NEVER_RUN, None),
    case("after 1.21.6", "1.22.8", state_of("1.20.7", "1.21.6"), "1.22.8"),
    case("after 1.20.7 without an annotation", "1.22.8", state_of("1.20.7", None), "1.22.8"),
)
def test_the_gateways_carry_the_version_in_an_annotation_where_their_chart_does_not(version, state, annotation):
    gateways = stack_state.with_recorded_versions(make_mesh(istio={"version": version}), state).of_kind(Kind.GATEWAY)
    assert [gateway.values["podAnnotations"].get(VERSION_ANNOTATION) for gateway in gateways] == [annotation] * 2
