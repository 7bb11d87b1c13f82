"""The verification's findings about a whole mesh."""

from tests.support.healthy_mesh import HEALTHY, run

REPORT = """
release istio-system/istio-base: is deployed, revision 3
release istio-system/istiod: is deployed, revision 3
release istio-system/istio-ingressgateway: is deployed, revision 3
release istio-system/istio-egressgateway: is deployed, revision 3
releases: every value of every release is as the stack file asks for [4]
deployment istio-system/istiod: 1 of 1 pods are ready [1]
deployment istio-system/istio-ingressgateway: 1 of 1 pods are ready [1]
deployment istio-system/istio-egressgateway: 1 of 1 pods are ready [1]
service istio-system/istiod: is ClusterIP, ports 80
service istio-system/istio-ingressgateway: is ClusterIP, ports 80
service istio-system/istio-egressgateway: is ClusterIP, ports 80
cluster: all 14 are there [14]
mutating webhooks: istio-sidecar-injector: the Service exists, the CA bundle is valid
validating webhooks: istio-validator-istio-system: the Service exists, the CA bundle is valid
namespace trading: a test pod (dry run) comes out with istio-proxy, requests 50m / 128Mi, limits 200m / 256Mi
pod istio-system/istiod-0: requests 100m / 128Mi, limits 500m / 256Mi
pod istio-system/istio-ingressgateway-0: requests 100m / 128Mi, limits 500m / 256Mi
pod istio-system/istio-egressgateway-0: requests 100m / 128Mi, limits 500m / 256Mi
PeerAuthentication istio-system/default: STRICT for the whole mesh: every namespace, workload and port, 0 pods with a \
proxy [0]
namespace trading: the settings ask for no policy, and no other bears on this stack's workloads [0]
namespace trading: every EnvoyFilter, Sidecar and Telemetry of its proxies is one that this stack asks for
PeerAuthentication istio-system/default: is as the settings say
LimitRange trading/workload-defaults: is as the settings say
ResourceQuota trading/workloads: is as the settings say
Sidecar trading/default: is as the settings say
releases: all 1 objects are as Helm installed them [1]
namespace trading: no pods yet [0]
"""


def test_the_report_on_a_healthy_mesh_is_one_row_for_each_check():
    assert {finding.level for finding in run(HEALTHY)} == {"ok"}
    report = [finding for finding in run(HEALTHY) if finding.id != "mesh certificates"]
    rows = [f"{finding}{f' [{finding.number}]' if finding.number is not None else ''}" for finding in report]
    assert rows == REPORT.strip().splitlines()
