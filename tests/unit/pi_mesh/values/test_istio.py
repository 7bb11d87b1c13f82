"""The Helm values of istiod's chart."""

from pi_mesh.inventory import Kind
from tests.support.factories import make_mesh
from tests.support.findings import table


def values(**settings: object) -> dict:
    """Return the Helm values of istiod."""
    return make_mesh(**settings).the(Kind.ISTIOD).values  # pyright: ignore[reportReturnType]


HOLD = "meshConfig.defaultConfig.holdApplicationUntilProxyStarts"
DRAIN, METADATA = "meshConfig.defaultConfig.drainDuration", "meshConfig.defaultConfig.proxyMetadata"
EXIT = {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true", "MINIMUM_DRAIN_DURATION": "9s"}
RETRIES = "meshConfig.defaultHttpRetryPolicy"
CLASS = "gatewayClasses.istio"
DEPLOYS_NONE = {"PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER": "false"}
READS_NONE = {"PILOT_ENABLE_GATEWAY_API": "false", "PILOT_ENABLE_GATEWAY_API_STATUS": "false"}
SIZE = {"requests": {"cpu": "70m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}
SIZED = {"name": "istio-proxy", "resources": SIZE}
SPREAD = "pilot.topologySpreadConstraints"
WATCHED = ["istio-system", "edge", "trading", "research", "monitoring"]
SELECTOR = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": WATCHED}
DISCOVERY = {"discovery": {"limited": True, "also": ["monitoring"]}}
LIMITED = {"istio": DISCOVERY, "ingress": {"namespace": "edge"}, "namespaces": {"research": {}}}


def extra(**own: object) -> dict:
    return {"istio": {"pilotReplicas": 2, "values": own}}


@table(
    (extra(topologySpreadConstraints=[]), SPREAD, None),
    (extra(topologySpreadConstraints=[]), "topologySpreadConstraints", []),
    (extra(pilot={"topologySpreadConstraints": []}), SPREAD, []),
    (extra(meshConfig={"defaultHttpRetryPolicy": {"attempts": 0}}), RETRIES, {"attempts": 0}),
    ({"proxy": {"holdApplicationUntilProxyStarts": False}}, HOLD, False),
    (extra(meshConfig={"defaultConfig": {"holdApplicationUntilProxyStarts": False}}), HOLD, False),
    ({"proxy": {"listenerDrainSeconds": 600}}, DRAIN, "600s"),
    ({"proxy": {"exitWhenIdle": True, "drainSeconds": 9}}, METADATA, {"SECRET_TTL": "2h", **EXIT}),
    ({"proxy": {"dnsCapture": True}}, METADATA, {"SECRET_TTL": "2h", "ISTIO_META_DNS_CAPTURE": "true"}),
    ({"gatewayApi": {"mode": "managed"}}, "pilot.env", None),
    ({"gatewayApi": {"mode": "routes"}}, "pilot.env", DEPLOYS_NONE),
    ({"gatewayApi": {"mode": "off"}}, "pilot.env", {**READS_NONE, **DEPLOYS_NONE}),
    ({"gatewayApi": {"serviceType": "NodePort"}}, CLASS, {"service": {"spec": {"type": "NodePort"}}}),
    ({"gatewayApi": {"replicas": 1}}, CLASS, {"deployment": {"spec": {"replicas": 1}}}),
    ({"gatewayApi": {"replicas": 2}}, f"{CLASS}.podDisruptionBudget", {"spec": {"minAvailable": 1}}),
    ({"gatewayApi": {"resources": SIZE}}, f"{CLASS}.deployment.spec.template.spec.containers", [SIZED]),
    ({"proxy": {"nativeSidecars": False}}, "pilot.env", {"ENABLE_NATIVE_SIDECARS": "false"}),
    (LIMITED, "meshConfig.discoverySelectors", [{"matchExpressions": [SELECTOR]}]),
)
def test_the_value_at_this_path_is_the_settings_or_of_the_extra_values(settings, path, value):
    *branches, key = path.split(".")
    tree = values(**settings)
    for branch in branches:
        tree = tree[branch]
    assert tree.get(key) == value
