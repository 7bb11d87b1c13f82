"""The content of a state about the cluster."""

from pi_mesh.cluster.ca_state import VaultResource
from pi_mesh.cluster.stack_state import GUARD, NEVER_RUN, RecordedRelease, StackState, of_resources
from pi_mesh.names import ADOPTED_ANNOTATION, OWNER_ANNOTATION

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
