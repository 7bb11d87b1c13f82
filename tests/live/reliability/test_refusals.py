"""The refusals of a run before it changes anything."""

from collections.abc import Iterator

import pytest

from lab.cluster import simulated
from lab.cluster.faults import api_server_down
from lab.cluster.kubectl import kubectl
from lab.cluster.simulated import SimulatedNode
from tests.live.reliability.looking import state, untouched

pytestmark = pytest.mark.long

FOREIGN_CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gateways.networking.istio.io}
spec:
  group: networking.istio.io
  scope: Namespaced
  names: {plural: gateways, kind: Gateway}
  versions:
  - {name: v1beta1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
"""


@pytest.fixture
def node() -> Iterator:
    """Yield `node(kernel="...")`: create a simulated node beside the real ones."""
    yield lambda **facts: simulated.put(SimulatedNode("odd", **facts))
    simulated.remove_all()


@pytest.mark.row(23)
def test_a_node_with_a_stock_raspberry_pi_kernel(empty, node, told):
    node(kernel="6.6.31+rpt-rpi-v8", os_image="Debian GNU/Linux 12 (bookworm)")
    refused = empty.up()
    assert refused.status != 0
    assert untouched()
    told(refused.status, refused.line_with("node odd: kernel 6.6.31+rpt-rpi-v8"), "the fix in the message")


@pytest.mark.row(22)
def test_a_node_with_too_little_memory(empty, node, told):
    node(memory="1800Mi")
    refused = empty.up()
    assert refused.status != 0
    assert untouched()
    told(refused.status, refused.line_with("node odd: 1800Mi of 1800Mi memory are free, 2Gi needed"), "as it says")


@pytest.mark.row(12)
def test_crds_that_are_not_helms(empty, told):
    kubectl("delete", "crd", "--selector=app.kubernetes.io/part-of=istio", "--ignore-not-found")
    kubectl("apply", "--filename=-", stdin=FOREIGN_CRD)
    refused = empty.up()
    assert refused.status != 0
    assert untouched()
    line = refused.line_with("crd gateways.networking.istio.io: 1 belongs to no Helm release")
    empty.operation("repair", "--yes").must()
    empty.must_up()
    told(refused.status, line, "`python -m operations repair -s STACK --yes`, then `pulumi up`")


@pytest.mark.row(21)
def test_a_stale_webhook(empty, told):
    manifest = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: istiod-default-validator}
webhooks:
- name: validation.istio.io
  clientConfig: {service: {name: istiod, namespace: istio-system, path: /validate}}
  rules: [{apiGroups: [security.istio.io], apiVersions: ["*"], resources: ["*"], operations: [CREATE]}]
  sideEffects: None
  admissionReviewVersions: [v1]
"""
    kubectl("apply", "--filename=-", stdin=manifest)
    try:
        refused = empty.up()
    finally:
        kubectl("delete", "validatingwebhookconfiguration", "istiod-default-validator")
    assert refused.status != 0
    assert untouched()
    told(refused.status, refused.line_with("validatingwebhookconfiguration istiod-default-validator"), "as it says")


@pytest.mark.row(15)
def test_an_api_server_that_is_down_at_the_start(whole, told):
    before = state(whole)
    with api_server_down():
        refused = whole.up()
        assert refused.status != 0
        assert whole.operation("verify").status == 3
        preview = whole.preview()
        assert "Preflight not done" in preview.output
    assert state(whole) == before
    whole.must_up()
    told(refused.status, refused.line_with("does not answer"), "`pulumi up` when it is back")


@pytest.mark.row(17)
def test_the_operations_refuse_another_context_too(whole, told):
    whole.set("cluster.context", "production")
    refused = whole.operation("verify")
    assert refused.status == 3
    told(refused.status, refused.line_with("cluster.context is 'production'"), "`pulumi config set`")


@pytest.mark.row(19)
@pytest.mark.parametrize("version", ["latest", "1.31.x", ">=1.30", "1.31"])
def test_a_version_that_is_not_exact(empty, told, version):
    empty.set("istio.version", version)
    refused = empty.up()
    assert refused.status != 0
    assert untouched()
    assert empty.operation("preflight").status == 2
    told(refused.status, refused.line_with("istio.version:"), "an exact version")
