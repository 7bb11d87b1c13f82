"""The replay of remembered calls against the policies of the settings."""

import json
from dataclasses import replace

from pi_mesh.checks.admission import admits, policies_in
from pi_mesh.cluster.audit_log import AuditedCall
from pi_mesh.settings.traffic.authorization import AccessPolicy
from tests.support.factories import make_settings
from tests.support.findings import case, table

CALL = AuditedCall("service account argocd/deployer", "trading/app", 8080, False, True, {"app": "app"},
                   "mesh.example/ns/argocd/sa/deployer", "GET", "/orders/*")  # fmt: skip


def policy(*rules: dict, **more: object) -> AccessPolicy:
    return AccessPolicy.model_validate_json(json.dumps({"rules": rules, **more}))


TCP, ANY = replace(CALL, method="", path=""), replace(CALL, method="", path="*")


@table(
    case("its principal", CALL, {"principals": ["mesh.example/ns/argocd/sa/deployer"]}, True, True),
    case("the mesh's own trust domain", CALL, {"principals": ["cluster.local/ns/argocd/sa/deployer"]}, True, True),
    case("another principal", CALL, {"principals": ["cluster.local/ns/argocd/sa/other"]}, False, False),
    case("its namespace and port", CALL, {"namespaces": ["argocd"], "ports": [8080]}, True, True),
    case("another port", CALL, {"namespaces": ["argocd"], "ports": [8081]}, False, False),
    case("a namespace, of a caller without an identity", replace(CALL, identity=""), {"namespaces": ["argocd"]},
        False, False),
    case("paths that hold its own", CALL, {"paths": ["/ord*"], "methods": ["GET"]}, True, True),
    case("one path below its own", CALL, {"paths": ["/orders/7"]}, False, True),
    case("paths that end so", CALL, {"paths": ["*/status"]}, False, True),
    case("other paths", CALL, {"paths": ["/admin*"]}, False, False),
    case("another method", CALL, {"methods": ["POST"]}, False, False),
    case("a method, of requests of any", ANY, {"methods": ["POST"], "paths": ["/x"]}, False, True),
    case("a method, of TCP", TCP, {"methods": ["GET"]}, False, False),
    case("a path, of TCP", TCP, {"paths": ["/orders/*"]}, False, False),
    case("an address, which is not remembered", CALL, {"ipBlocks": ["10.0.0.0/8"]}, False, True),
)  # fmt: skip
def test_a_call_is_admitted_surely_or_perhaps_by(call, rule, surely, perhaps):
    policies = [policy(rule)]
    assert (admits(policies, call), admits(policies, call, surely=False)) == (surely, perhaps)


def test_a_denied_call_is_not_admitted_and_a_policy_of_other_pods_does_not_count():
    allow = policy({"namespaces": ["argocd"]})
    deny = policy({"paths": ["/orders/7"]}, action="DENY")
    assert not admits([allow, deny], CALL)
    assert admits([allow, deny], CALL, surely=False)
    assert not admits([allow.model_copy(update={"selector": {"app": "other"}})], CALL)


def test_a_default_deny_admits_its_own_namespace_before_it_is_on():
    own = replace(CALL, identity="cluster.local/ns/trading/sa/app")
    assert admits(policies_in(make_settings(), "trading"), own)
    assert not admits(policies_in(make_settings(), "trading"), CALL)
    assert policies_in(make_settings(), "elsewhere") == []
