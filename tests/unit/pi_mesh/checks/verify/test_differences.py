"""How drift is told from what the API server and istiod write of their own."""

import base64
import gzip
import json

import pytest

from pi_mesh.checks.verify.differences import differences
from pi_mesh.cluster.release_records import decode
from tests.support import awaited


def different(wanted: object, live: object) -> list[str]:
    return list(differences(wanted, live))


def test_what_was_not_asked_for_is_no_difference():
    assert different({"spec": {"replicas": 1}}, {"spec": {"replicas": 1, "revisionHistoryLimit": 10}}) == []


def test_a_changed_field_is_shown_with_both_values():
    assert different({"spec": {"replicas": 1}}, {"spec": {"replicas": 0}}) == ["spec.replicas: 0, not 1"]


def test_a_missing_branch_is_shown():
    assert different({"spec": {"selector": {"app": "x"}}}, {"spec": {}}) == ["spec.selector: is missing"]


@pytest.mark.parametrize(("wanted", "live"), [("1000m", "1"), ("0.5", "500m"), ("1024Mi", "1Gi"), (1, "1")])
def test_quantities_are_compared_by_amount(wanted, live):
    assert different({"cpu": wanted}, {"cpu": live}) == []


def test_items_of_lists_are_found_by_name_whatever_their_order():
    wanted = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    live = {"env": [{"name": "B", "value": "3"}, {"name": "A", "value": "1"}]}
    assert different(wanted, live) == ["env[B].value: '3', not '2'"]


def test_plain_items_are_compared_by_their_place():
    assert different({"args": ["a", "b"]}, {"args": ["a", "c"]}) == ["args[1]: 'c', not 'b'"]


def test_an_item_that_was_taken_out_of_a_list_is_shown():
    assert different({"ports": [{"port": 80}]}, {"ports": []}) == ["ports[80]: is missing"]


@pytest.mark.parametrize("field", ["caBundle", "failurePolicy"])
def test_what_istiod_writes_into_webhooks_is_no_difference(field):
    assert different({"webhooks": [{"name": "a", field: ""}]}, {"webhooks": [{"name": "a", field: "new"}]}) == []


@pytest.mark.parametrize(("wanted", "live"), [({"a": None}, {}), ({"a": {}}, {}), ({"a": []}, {}), ({"a": False}, {})])
def test_empty_equals_absent(wanted, live):
    assert different(wanted, live) == []


def test_helms_own_record_of_a_release_is_read():
    content = json.dumps({"manifest": "---\nkind: Service\nmetadata: {name: istiod}\n---\n# nothing\n"}).encode()
    encoded = base64.b64encode(base64.b64encode(gzip.compress(content))).decode()
    assert decode(encoded) == ({"kind": "Service", "metadata": {"name": "istiod"}},)


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


@awaited.truth("H5 what was added to an object is no difference")
@pytest.mark.parametrize("case", OPENED)
def test_access_that_somebody_opened_is_a_difference(case):
    kind, wanted, live = OPENED[case]
    assert different({"kind": kind, **wanted}, {"kind": kind, **live}) != []
