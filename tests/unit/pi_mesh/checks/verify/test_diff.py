"""The distinction of drift from the changes that the API server and istiod make themselves."""

import pytest

from pi_mesh.checks.verify.diff import differences, needs_defaults


def different(wanted: dict, live: dict, defaulted: dict | None = None) -> list[str]:
    return [str(entry) for entry in differences(wanted, live, defaulted)]


def deployment(**spec: object) -> dict:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}


def pods(**spec: object) -> dict:
    return deployment(template={"spec": spec})


def test_a_changed_field_is_shown_with_both_values():
    assert different({"spec": {"replicas": 1}}, {"spec": {"replicas": 0}}) == ["spec.replicas: 0, not 1"]


def test_a_missing_branch_is_shown():
    assert different({"spec": {"selector": {"app": "x"}}}, {"spec": {}}) == ["spec.selector: is missing"]


def test_a_long_text_is_cut_short():
    (line,) = different({"data": {"config": "a" * 1000}}, {"data": {"config": "b" * 1000}})
    assert len(line) < 200


@pytest.mark.parametrize(("wanted", "live"), [("1000m", "1"), ("0.5", "500m"), ("1024Mi", "1Gi"), (1, "1")])
def test_quantities_are_compared_by_amount(wanted, live):
    assert different({"requests": {"cpu": wanted}}, {"requests": {"cpu": live}}) == []


@pytest.mark.parametrize(("wanted", "live"), [("1.30", "1.3"), ("1000m", "1"), ("0", False), (1, True)])
def test_a_text_that_looks_like_a_quantity_is_compared_as_it_is_written(wanted, live):
    assert different({"data": {"version": wanted}}, {"data": {"version": live}}) != []


def test_items_of_lists_are_found_by_name_whatever_their_order():
    wanted = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    live = {"env": [{"name": "B", "value": "3"}, {"name": "A", "value": "1"}]}
    assert different(wanted, live) == ["env[B].value: '3', not '2'"]


def test_servers_of_a_gateway_are_found_by_their_ports_name_whatever_the_order_of_keys():
    wanted = {"servers": [{"port": {"number": 80, "name": "http"}, "hosts": ["*"]}]}
    live = {"servers": [{"hosts": ["*"], "port": {"name": "http", "number": 80}}]}
    assert different(wanted, live) == []
    live["servers"][0]["port"]["number"] = 81
    assert different(wanted, live) == ["servers[http].port.number: 81, not 80"]


def test_plain_items_are_compared_by_their_place():
    assert different({"args": ["a", "b"]}, {"args": ["a", "c"]}) == ["args[1]: 'c', not 'b'"]


def test_an_item_that_was_put_before_the_others_is_one_difference():
    assert different({"args": ["a", "b"]}, {"args": ["x", "a", "b"]}) == ["args[0]: 'x' was added"]


@pytest.mark.parametrize(
    ("wanted", "live", "lines"),
    [
        (["a", "b", "c"], ["a", "x", "b", "c"], ["args[1]: 'x' was added"]),
        (["a", "b", "c"], ["a", "c"], ["args[1]: is missing"]),
        (["a", "b", "c"], ["x", "b", "c"], ["args[0]: 'x', not 'a'"]),
        (["a", "a"], ["a", "a", "a"], ["args[2]: 'a' was added"]),
    ],
    ids=str,
)
def test_items_that_stay_at_both_ends_of_a_list_are_no_difference(wanted, live, lines):
    assert different({"args": wanted}, {"args": live}) == lines


def test_an_item_that_was_taken_out_of_a_list_is_shown():
    assert different({"ports": [{"port": 80}]}, {"ports": []}) == ["ports[80]: is missing"]


@pytest.mark.parametrize("place", [0, 1])
def test_an_added_item_has_its_place_in_the_live_list(place):
    containers = [{"name": "discovery"}]
    containers.insert(place, {"name": "second"})
    (entry,) = differences(pods(containers=[{"name": "discovery"}]), pods(containers=containers))
    assert entry.place.pointer == f"/spec/template/spec/containers/{place}"
    assert entry.live == {"name": "second"}


@pytest.mark.parametrize(
    ("kind", "field", "count"),
    [
        ("MutatingWebhookConfiguration", "caBundle", 0),
        ("ValidatingWebhookConfiguration", "caBundle", 0),
        ("ValidatingWebhookConfiguration", "failurePolicy", 0),
        ("MutatingWebhookConfiguration", "failurePolicy", 1),
    ],
)
def test_only_what_istiod_writes_into_webhooks_is_no_difference(kind, field, count):
    def hook(value: str) -> dict:
        below = {"clientConfig": {field: value}} if field == "caBundle" else {field: value}
        return {"kind": kind, "webhooks": [{"name": "a", **below}]}

    assert len(different(hook("old"), hook("new"))) == count


@pytest.mark.parametrize(
    ("wanted", "live"), [({"a": None}, {}), ({"a": {}}, {}), ({"a": []}, {}), ({}, {"a": {"b": []}})]
)
def test_empty_equals_absent(wanted, live):
    assert different({"spec": wanted}, {"spec": live}) == []


def test_a_default_of_the_api_server_is_no_difference():
    live = pods(dnsPolicy="ClusterFirst", serviceAccountName="a", serviceAccount="a")
    assert different(pods(serviceAccountName="a"), live) == []


def test_another_value_than_the_default_is_a_difference():
    live = pods(serviceAccountName="a", dnsPolicy="Default", serviceAccount="b")
    assert different(pods(serviceAccountName="a"), live) == [
        "spec.template.spec.dnsPolicy: 'Default' was added",
        "spec.template.spec.serviceAccount: 'b' was added",
    ]


def test_an_unknown_field_is_a_difference_only_the_api_server_can_explain():
    wanted, live = deployment(paused=True), deployment(paused=True, novelty="yes")
    assert needs_defaults(wanted, live)
    assert different(wanted, live, defaulted=live) == []
    assert different(wanted, live, defaulted=wanted) == ["spec.novelty: 'yes' was added"]


def test_a_no_that_the_api_server_would_keep_is_a_difference():
    wanted, live = pods(a=1, automountServiceAccountToken=False), pods(a=1)
    assert different(wanted, live, defaulted=wanted) == ["spec.template.spec.automountServiceAccountToken: is missing"]
    assert different(wanted, live, defaulted=live) == []


def test_nothing_but_a_manifest_adds_an_item_to_a_list():
    wanted, live = pods(containers=[{"name": "a"}]), pods(containers=[{"name": "a"}, {"name": "b"}])
    assert different(wanted, live, defaulted=live) != []


@pytest.mark.parametrize(
    ("place", "name", "count"),
    [
        ("labels", "team", 0),
        ("labels", "istio-injection", 1),
        ("annotations", "networking.istio.io/exportTo", 1),
        ("annotations", "kubectl.kubernetes.io/last-applied-configuration", 0),
    ],
)
def test_a_label_that_somebody_added_counts_where_istio_reads_it(place, name, count):
    assert (
        len(different({"metadata": {"name": "a"}}, {"metadata": {"name": "a", "uid": "1", place: {name: "x"}}}))
        == count
    )


def test_a_restart_with_kubectl_is_no_difference():
    template = {"metadata": {"annotations": {"a": "b"}}}
    restarted = {"metadata": {"annotations": {"a": "b", "kubectl.kubernetes.io/restartedAt": "now"}}}
    assert different(deployment(template=template), deployment(template=restarted)) == []


ALLOW = {"action": "ALLOW", "selector": {"matchLabels": {"app": "a"}}}
FROM_ARGOCD = {"from": [{"source": {"namespaces": ["argocd"]}}]}
FROM_MORE = {"from": [{"source": {"namespaces": ["argocd", "evil"]}}]}
LEGACY = {"selector": {"matchLabels": {"legacy": "true"}}, "mtls": {"mode": "PERMISSIVE"}}
SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
DISCOVERY, EVIL = {"name": "discovery", "image": "pilot:1"}, {"name": "evil", "image": "evil"}
POLICY, PEER, ROLE = "AuthorizationPolicy", "PeerAuthentication", "ClusterRole"
OPENED = {
    "a default deny that allows everybody": (POLICY, {"spec": {}}, {"spec": {"rules": [{}]}}),
    "an empty rule that allows everybody": (
        POLICY,
        {"spec": {**ALLOW, "rules": [FROM_ARGOCD]}},
        {"spec": {**ALLOW, "rules": [FROM_ARGOCD, {}]}},
    ),
    "another namespace that is let in": (
        POLICY,
        {"spec": {**ALLOW, "rules": [FROM_ARGOCD]}},
        {"spec": {**ALLOW, "rules": [FROM_MORE]}},
    ),
    "a port without mutual TLS": (
        PEER,
        {"spec": LEGACY},
        {"spec": {**LEGACY, "portLevelMtls": {"80": {"mode": "DISABLE"}}}},
    ),
    "another verb of a role": (ROLE, {"rules": [SECRETS]}, {"rules": [{**SECRETS, "verbs": ["get", "*"]}]}),
    "another rule of a role": (ROLE, {"rules": [SECRETS]}, {"rules": [SECRETS, EVERYTHING]}),
    "another container": (
        "Deployment",
        {"spec": {"template": {"spec": {"containers": [DISCOVERY]}}}},
        {"spec": {"template": {"spec": {"containers": [DISCOVERY, EVIL]}}}},
    ),
}


@pytest.mark.parametrize("case", OPENED)
def test_access_that_somebody_opened_is_a_difference(case):
    kind, wanted, live = OPENED[case]
    assert different({"kind": kind, **wanted}, {"kind": kind, **live}) != []


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Issuer", {"vault": {"server": "https://vault", "caBundle": "LS0t"}}),
        ("PersistentVolumeClaim", {"vault": {"server": "https://vault"}, "volumeName": "pv-1"}),
        ("Service", {"vault": {"server": "https://vault"}, "clusterIP": "10.0.0.1"}),
        ("Deployment", {"vault": {"server": "https://vault"}, "replicas": 2}),
    ],
)
def test_what_a_controller_fills_in_is_no_difference(kind, spec):
    assert different({"kind": kind, "spec": {"vault": {"server": "https://vault"}}}, {"kind": kind, "spec": spec}) == []


@pytest.mark.parametrize(("length", "shown"), [(58, f"'{'a' * 58}'"), (59, f"'{'a' * 56}...")])
def test_a_value_of_up_to_sixty_letters_is_shown_whole(length, shown):
    (line,) = different({"data": {"config": "b"}}, {"data": {"config": "a" * length}})
    assert line == f"data.config: {shown}, not 'b'"


def test_a_false_that_became_true_is_certain_to_be_a_change():
    (entry,) = differences(pods(hostNetwork=False), pods(hostNetwork=True))
    assert (str(entry), entry.uncertain) == ("spec.template.spec.hostNetwork: True, not False", False)


@pytest.mark.parametrize(("kind", "uncertain"), [("Deployment", True), ("ConfigMap", False)])
def test_a_missing_false_is_uncertain_until_the_api_server_was_asked_unless_its_kind_has_no_defaults(kind, uncertain):
    (entry,) = differences({"kind": kind, "spec": {"a": False, "b": 1}}, {"kind": kind, "spec": {"b": 1}})
    assert entry.uncertain is uncertain


VOLUME = {"name": "v", "configMap": {"name": "c"}}
PROBE = {"failureThreshold": 3, "successThreshold": 1, "periodSeconds": 10, "timeoutSeconds": 1}
FILLED_IN = {
    "Deployment": (
        {"template": {"spec": {"containers": [{"name": "a", "readinessProbe": {"exec": {}}}], "volumes": [VOLUME]}}},
        {
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 10,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
            "template": {
                "spec": {
                    "dnsPolicy": "ClusterFirst",
                    "restartPolicy": "Always",
                    "schedulerName": "default-scheduler",
                    "terminationGracePeriodSeconds": 30,
                    "containers": [
                        {
                            "name": "a",
                            "readinessProbe": {"exec": {}, **PROBE},
                            "terminationMessagePath": "/dev/termination-log",
                            "terminationMessagePolicy": "File",
                        }
                    ],
                    "volumes": [{"name": "v", "configMap": {"name": "c", "defaultMode": 0o644}}],
                }
            },
        },
    ),
    "Service": (
        {"ports": [{"name": "http", "port": 80}]},
        {
            "type": "ClusterIP",
            "sessionAffinity": "None",
            "internalTrafficPolicy": "Cluster",
            "externalTrafficPolicy": "Cluster",
            "allocateLoadBalancerNodePorts": True,
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 80}],
        },
    ),
}


@pytest.mark.parametrize("kind", FILLED_IN)
def test_what_the_api_server_fills_in_is_no_difference_and_anything_else_is(kind):
    wanted, live = FILLED_IN[kind]
    assert different({"kind": kind, "spec": wanted}, {"kind": kind, "spec": live}) == []
    for path, other in ((["revisionHistoryLimit"], 11), (["sessionAffinity"], "ClientIP")):
        changed = {**live, path[0]: other}
        assert different({"kind": kind, "spec": wanted}, {"kind": kind, "spec": changed}) != []


def test_the_defaults_of_a_webhook_are_no_difference():
    hook = {"name": "a", "clientConfig": {"service": {"name": "istiod"}}, "rules": [{"operations": ["CREATE"]}]}
    filled = {
        **hook,
        "clientConfig": {"service": {"name": "istiod", "port": 443}},
        "rules": [{"operations": ["CREATE"], "scope": "*"}],
        "matchPolicy": "Equivalent",
        "timeoutSeconds": 10,
        "reinvocationPolicy": "Never",
    }
    kind = "MutatingWebhookConfiguration"
    assert different({"kind": kind, "webhooks": [hook]}, {"kind": kind, "webhooks": [filled]}) == []
