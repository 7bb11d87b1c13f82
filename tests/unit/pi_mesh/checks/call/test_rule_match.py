"""The match of a rule of an AuthorizationPolicy with a call."""

from typing import Any

import pytest

from pi_mesh.checks.call.described import Callee
from pi_mesh.checks.call.rule_match import Match, Rules
from tests.support.own_calls import SERVER, TCP, make_call


def match(rule: dict[str, Any], identified: bool = True, denies: bool = False, **changes: Any) -> Match:
    return Rules(make_call(**changes), Callee(SERVER, 8080), identified).match(rule, denies)


def source(**fields: list[str]) -> dict[str, Any]:
    return {"from": [{"source": fields}]}


def to(**fields: list[str]) -> dict[str, Any]:
    return {"to": [{"operation": fields}]}


def when(key: str, **fields: list[str]) -> dict[str, Any]:
    return {"when": [{"key": key, **fields}]}


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({}, Match.YES),
        (source(namespaces=["shop"]), Match.YES),
        (source(namespaces=["other", "sh*"]), Match.YES),
        (source(namespaces=["other"]), Match.NO),
        (source(notNamespaces=["shop"]), Match.NO),
        (source(notNamespaces=["other"]), Match.YES),
        (source(principals=["cluster.local/ns/shop/sa/buyer"]), Match.YES),
        (source(principals=["*/ns/shop/sa/buyer"]), Match.YES),
        (source(principals=["*"]), Match.YES),
        (source(principals=["*/sa/seller"]), Match.NO),
        (source(principals=["cluster.local/ns/shop/sa/seller"]), Match.NO),
        (source(namespaces=["oth*"]), Match.NO),
        (source(serviceAccounts=["shop/buyer"]), Match.YES),
        (source(serviceAccounts=["buyer"]), Match.NO),
        (source(ipBlocks=["10.0.0.0/24"]), Match.YES),
        (source(ipBlocks=["10.9.0.0/24"]), Match.NO),
        (source(notIpBlocks=["10.0.0.1"]), Match.NO),
        (source(requestPrincipals=["*"]), Match.SOME),
        (source(namespaces=["other"], requestPrincipals=["*"]), Match.NO),
        ({"from": [{"source": {"namespaces": ["other"]}}, {"source": {"namespaces": ["shop"]}}]}, Match.YES),
        (to(ports=["8080"]), Match.YES),
        (to(ports=["80"]), Match.NO),
        (to(notPorts=["8080"]), Match.NO),
        (to(methods=["GET"]), Match.SOME),
        (to(ports=["80"], methods=["GET"]), Match.NO),
        ({**source(namespaces=["shop"]), **to(ports=["80"])}, Match.NO),
        (when("source.namespace", values=["shop"]), Match.YES),
        (when("source.namespace", notValues=["shop"]), Match.NO),
        (when("source.principal", values=["cluster.local/ns/shop/*"]), Match.YES),
        (when("source.ip", values=["10.9.0.0/16"]), Match.NO),
        (when("destination.ip", values=["10.0.0.2"]), Match.YES),
        (when("destination.port", values=["80"]), Match.NO),
        (when("request.headers[x]", values=["1"]), Match.SOME),
        (when("connection.sni", values=["shop.example"]), Match.SOME),
    ],
    ids=str,
)
def test_a_rule_matches_by_source_operation_and_condition(rule, matches):
    assert match(rule) is matches


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (source(principals=["*"]), Match.NO),
        (source(namespaces=["shop"]), Match.NO),
        (source(serviceAccounts=["shop/buyer"]), Match.NO),
        (source(notPrincipals=["*"]), Match.YES),
        (source(ipBlocks=["10.0.0.1"]), Match.YES),
    ],
    ids=str,
)
def test_a_caller_in_plain_text_has_an_address_and_no_identity(rule, matches):
    assert match(rule, identified=False) is matches


def test_the_name_cluster_local_stands_for_the_meshs_own_trust_domain():
    rule, config = source(principals=["cluster.local/ns/shop/sa/buyer"]), {"trustDomain": "pi.example"}
    assert match(rule, mesh_config=config) is Match.YES
    assert match(source(principals=["pi.example/ns/shop/sa/buyer"]), mesh_config=config) is Match.YES


@pytest.mark.parametrize("rule", [to(methods=["GET"]), when("request.headers[x]", values=["1"])], ids=str)
def test_a_condition_about_http_never_allows_a_tcp_call_and_does_not_narrow_its_denial(rule):
    assert match(rule, port=TCP) is Match.NO
    assert match(rule, port=TCP, denies=True) is Match.YES
