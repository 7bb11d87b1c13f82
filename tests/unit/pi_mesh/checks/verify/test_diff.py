"""The distinction of drift from the changes that the API server and istiod make themselves."""

import pytest

from pi_mesh.checks.verify.diff import differences, needs_defaults
from tests.support.findings import case, table

MUTATING, VALIDATING = "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"
PEER, POLICY = "PeerAuthentication", "AuthorizationPolicy"
POD = "spec.template.spec"
LEGACY = {"selector": {"matchLabels": {"legacy": "true"}}, "mtls": {"mode": "PERMISSIVE"}}
PLAIN = {"portLevelMtls": {"80": {"mode": "DISABLE"}}}
SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
ISTIOD, EVIL = {"name": "discovery", "image": "pilot:1"}, {"name": "evil"}
VAULT = {"server": "https://vault"}
OLD, NEW = {"caBundle": "old"}, {"caBundle": "new"}
EXACT = ["ConfigMap", "ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"]
EXACT += ["LimitRange", "ResourceQuota", "Namespace"]


def different(expected: dict, live: dict, defaulted: dict | None = None) -> list[str]:
    return [str(entry) for entry in differences(expected, live, defaulted)]


def deployment(**spec: object) -> dict:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}


def pods(**spec: object) -> dict:
    return deployment(template={"spec": spec})


def annotated(**annotations: str) -> dict:
    return deployment(template={"metadata": {"annotations": {"a": "b", **annotations}}})


def kind(name: str, **spec: object) -> dict:
    return {"kind": name, "spec": spec}


def hook(name: str, **fields: object) -> dict:
    return {"kind": name, "webhooks": [{"name": "a", **fields}]}


def allows(*rules: dict) -> dict:
    return kind(POLICY, action="ALLOW", rules=[*rules])


def from_namespaces(*names: str) -> dict:
    return {"from": [{"source": {"namespaces": [*names]}}]}


def role(*rules: dict) -> dict:
    return {"kind": "ClusterRole", "rules": [*rules]}


def metadata(**fields: object) -> dict:
    return {"metadata": {"name": "a", **fields}}


HTTP, HTTP_81 = ({"port": {"number": number, "name": "http"}, "hosts": ["*"]} for number in (80, 81))
A, B, B_3 = ({"name": name, "value": value} for name, value in (("A", "1"), ("B", "2"), ("B", "3")))
ACCOUNT, B_ADDED = {"serviceAccountName": "a"}, "serviceAccount: 'b' was added"
FAIL, IGNORE = {"failurePolicy": "Fail"}, {"failurePolicy": "Ignore"}
CHANGED = "webhooks[a].failurePolicy: 'Ignore', not 'Fail'"
INJECT, EXPORT = "istio-injection", "networking.istio.io/exportTo"
ADDED, EXPORTED = f"{INJECT}: 'x' was added", f"{EXPORT}: 'x' was added"
NAMESPACES = "spec.rules[0].from[0].source.namespaces"
PORT_ADDED = "portLevelMtls: {'80': {'mode': 'DISABLE'}} was added"
ONE, TWO = {"containers": [ISTIOD]}, {"containers": [ISTIOD, EVIL]}
ARGOCD = from_namespaces("argocd")
PAUSED, NOVEL = deployment(paused=True), deployment(paused=True, novelty="yes")
NO_TOKEN, SILENT = pods(a=1, automountServiceAccountToken=False), pods(a=1)


@table(
    case("a changed field has both values", {"a": {"b": 1}}, {"a": {"b": 0}}, "a.b: 0, not 1"),
    case("a branch", {"a": {"b": {"c": 1}}}, {"a": {}}, "a.b: is missing"),
    case("items have names, and no order", {"l": [A, B]}, {"l": [B_3, A]}, "l[B].value: '3', not '2'"),
    case("a server has its port's", {"l": [HTTP]}, {"l": [HTTP_81]}, "l[http].port.number: 81, not 80"),
    case("plain items have places", {"l": ["a", "b"]}, {"l": ["a", "c"]}, "l[1]: 'c', not 'b'"),
    case("an item before others", {"l": ["a", "b"]}, {"l": ["x", "a", "b"]}, "l[0]: 'x' was added"),
    case("an item between others", {"l": ["a", "b"]}, {"l": ["a", "x", "b"]}, "l[1]: 'x' was added"),
    case("one between is missing", {"l": ["a", "b", "c"]}, {"l": ["a", "c"]}, "l[1]: is missing"),
    case("another first item", {"l": ["a", "b"]}, {"l": ["x", "b"]}, "l[0]: 'x', not 'a'"),
    case("one more of equal items", {"l": ["a", "a"]}, {"l": ["a", "a", "a"]}, "l[2]: 'a' was added"),
    case("the only item", {"l": [{"port": 80}]}, {"l": []}, "l[80]: is missing"),
    case("sixty letters", {"a": "b"}, {"a": "x" * 58}, f"a: '{'x' * 58}', not 'b'"),
    case("more letters", {"a": "b"}, {"a": "x" * 59}, f"a: '{'x' * 56}..., not 'b'"),
    case("a text like a quantity", {"cpu": "1000m"}, {"cpu": "1"}, "cpu: '1', not '1000m'"),
    case("a text like a number", {"v": "1.30"}, {"v": "1.3"}, "v: '1.3', not '1.30'"),
    case("a text like a no", {"a": "0"}, {"a": False}, "a: False, not '0'"),
    case("a number like a yes", {"a": 1}, {"a": True}, "a: True, not 1"),
    case("no default", pods(a=1), pods(a=1, dnsPolicy="X"), f"{POD}.dnsPolicy: 'X' was added"),
    case("an account", pods(**ACCOUNT), pods(**ACCOUNT, serviceAccount="b"), f"{POD}.{B_ADDED}"),
    case("11", deployment(), deployment(revisionHistoryLimit=11), "spec.revisionHistoryLimit: 11 was added"),
    case("the other webhooks", hook(MUTATING, **FAIL), hook(MUTATING, **IGNORE), CHANGED),
    case("a label of Istio", metadata(), metadata(labels={INJECT: "x", "team": "a"}), f"metadata.labels.{ADDED}"),
    case("an annotation", metadata(), metadata(annotations={EXPORT: "x"}), f"metadata.annotations.{EXPORTED}"),
    case("no default deny", kind(POLICY), kind(POLICY, rules=[{}]), "spec.rules: [{}] was added"),
    case("everybody is let in", allows(ARGOCD), allows(ARGOCD, {}), "spec.rules[1]: {} was added"),
    case("a namespace", allows(ARGOCD), allows(from_namespaces("argocd", "b")), f"{NAMESPACES}[1]: 'b' was added"),
    case("a port in plain text", kind(PEER, **LEGACY), kind(PEER, **LEGACY, **PLAIN), f"spec.{PORT_ADDED}"),
    case("a verb", role(SECRETS), role({**SECRETS, "verbs": ["get", "*"]}), "rules[0].verbs[1]: '*' was added"),
    case("a rule of a role", role(SECRETS), role(SECRETS, {"verbs": ["*"]}), "rules[1]: {'verbs': ['*']} was added"),
    case("a container", pods(**ONE), pods(**TWO), f"{POD}.containers[evil]: {EVIL} was added"),
)
def test_a_difference_is_a_line_with_its_place(expected, live, line):
    assert different(expected, live) == [line]


PROBE = {"failureThreshold": 3, "successThreshold": 1, "periodSeconds": 10, "timeoutSeconds": 1}
LOG = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
FILLED_POD = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "terminationGracePeriodSeconds": 30,
    "serviceAccountName": "a",
    "serviceAccount": "a",
    "containers": [{"name": "a", "readinessProbe": {"exec": {}, **PROBE}, **LOG}],
    "volumes": [{"name": "v", "configMap": {"name": "c", "defaultMode": 0o644}}],
}
FILLED_DEPLOYMENT = {
    "progressDeadlineSeconds": 600,
    "revisionHistoryLimit": 10,
    "replicas": 2,
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
    "template": {"spec": FILLED_POD},
}
FILLED_SERVICE = {
    "type": "ClusterIP",
    "clusterIP": "10.0.0.1",
    "sessionAffinity": "None",
    "internalTrafficPolicy": "Cluster",
    "externalTrafficPolicy": "Cluster",
    "allocateLoadBalancerNodePorts": True,
    "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 80}],
}
CALL, FILLED_CALL = {"service": {"name": "istiod"}}, {"service": {"name": "istiod", "port": 443}}
RULE, FILLED_RULE = {"operations": ["CREATE"]}, {"operations": ["CREATE"], "scope": "*"}
FILLED_HOOK = {"matchPolicy": "Equivalent", "timeoutSeconds": 10, "reinvocationPolicy": "Never"}
FILLED_HOOK |= {"clientConfig": FILLED_CALL, "rules": [FILLED_RULE]}
VOLUME, CONTAINER = {"name": "v", "configMap": {"name": "c"}}, {"name": "a", "readinessProbe": {"exec": {}}}
BARE_POD = {"containers": [CONTAINER], "volumes": [VOLUME], "serviceAccountName": "a"}
BARE_PORT = [{"name": "http", "port": 80}]


@table(
    case("another order of keys", {"l": [HTTP]}, {"l": [dict(reversed(HTTP.items()))]}),
    case("a quantity in thousandths", {"requests": {"cpu": "1000m"}}, {"requests": {"cpu": "1"}}),
    case("a quantity with a point", {"requests": {"cpu": "0.5"}}, {"requests": {"cpu": "500m"}}),
    case("a quantity of bytes", {"limits": {"memory": "1024Mi"}}, {"limits": {"memory": "1Gi"}}),
    case("a quantity as a number", {"limits": {"cpu": 1}}, {"limits": {"cpu": "1"}}),
    case("null and absent", {"spec": {"a": None}}, {"spec": {}}),
    case("an empty object and absent", {"spec": {"a": {}}}, {"spec": {}}),
    case("an empty list and absent", {"spec": {"a": []}}, {"spec": {}}),
    case("an object of empty fields alone", {"spec": {}}, {"spec": {"a": {"b": []}}}),
    case("istiod's CA bundle", hook(MUTATING, clientConfig=OLD), hook(MUTATING, clientConfig=NEW)),
    case("that of the other hook", hook(VALIDATING, clientConfig=OLD), hook(VALIDATING, clientConfig=NEW)),
    case("istiod's Fail", hook(VALIDATING, failurePolicy="a"), hook(VALIDATING, failurePolicy="b")),
    case("a label that says nothing to Istio", metadata(), metadata(uid="1", labels={"team": "x"})),
    case("such an annotation", metadata(), metadata(annotations={"kubectl.kubernetes.io/x": "x"})),
    case("kubectl's restart", annotated(), annotated(**{"kubectl.kubernetes.io/restartedAt": "now"})),
    case("vault.caFile", kind("Issuer", vault=VAULT), kind("Issuer", vault={**VAULT, "caBundle": "x"})),
    case("a volume", kind("PersistentVolumeClaim"), kind("PersistentVolumeClaim", volumeName="pv-1")),
    case("the defaults of a Deployment", pods(**BARE_POD), deployment(**FILLED_DEPLOYMENT)),
    case("the defaults of a Service", kind("Service", ports=BARE_PORT), kind("Service", **FILLED_SERVICE)),
    case("those of a webhook", hook(MUTATING, clientConfig=CALL, rules=[RULE]), hook(MUTATING, **FILLED_HOOK)),
)
def test_what_means_the_same_or_is_filled_in_by_others_is_no_difference(expected, live):
    assert different(expected, live) == []


@pytest.mark.parametrize("place", [0, 1])
def test_an_added_item_has_its_place_in_the_live_list(place):
    containers = [ISTIOD]
    containers.insert(place, EVIL)
    (entry,) = differences(pods(containers=[ISTIOD]), pods(containers=containers))
    assert (entry.place.pointer, entry.live) == (f"/spec/template/spec/containers/{place}", EVIL)


def test_only_the_api_server_can_explain_an_unknown_field():
    assert needs_defaults(PAUSED, NOVEL)


@table(
    case("an unknown field that is a default", PAUSED, NOVEL, NOVEL, []),
    case("one that is none", PAUSED, NOVEL, PAUSED, ["spec.novelty: 'yes' was added"]),
    case("a no that the API server drops", NO_TOKEN, SILENT, SILENT, []),
    case("a no that it keeps", NO_TOKEN, SILENT, NO_TOKEN, [f"{POD}.automountServiceAccountToken: is missing"]),
    case("an added item", pods(**ONE), pods(**TWO), pods(**TWO), [f"{POD}.containers[evil]: {EVIL} was added"]),
)
def test_the_api_servers_answer_tells_defaults_from_drift(expected, live, defaulted, lines):
    assert different(expected, live, defaulted=defaulted) == lines


def test_a_false_that_became_true_is_certain_to_be_a_change():
    (entry,) = differences(pods(hostNetwork=False), pods(hostNetwork=True))
    assert (str(entry), entry.uncertain) == (f"{POD}.hostNetwork: True, not False", False)


@pytest.mark.parametrize(("name", "uncertain"), [("Deployment", True), *((name, False) for name in EXACT)])
def test_a_missing_false_is_uncertain_until_the_api_server_was_asked_unless_its_kind_has_no_defaults(name, uncertain):
    (entry,) = differences({"kind": name, "a": False, "b": 1}, {"kind": name, "b": 1})
    assert entry.uncertain is uncertain
