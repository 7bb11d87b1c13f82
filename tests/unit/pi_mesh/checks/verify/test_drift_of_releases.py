"""The verification's findings about objects that Helm owns."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import drift_of_releases
from pi_mesh.cluster.live_objects import Pair
from tests.support.healthy_mesh import found, owned, problems, run


def test_an_edited_object_of_a_release_is_a_problem(healthy):
    (problem,) = problems(found(healthy, pairs=(healthy.live.pairs[0], owned(1, 0))))
    assert "Deployment istio-system/istiod: was changed: spec.replicas: 0, not 1" in problem


def test_a_deleted_object_of_a_release_is_a_problem(healthy):
    (problem,) = problems(found(healthy, pairs=(healthy.live.pairs[0], owned(1, None))))
    assert "of release istio-system/istiod is gone" in problem


def test_drift_is_either_a_problem_or_said_to_be_none(healthy):
    def calm(facts: Observation) -> bool:
        return any(f.id == "drift of releases" and f.level is Level.OK for f in run(facts))

    assert calm(healthy)
    assert not calm(found(healthy, pairs=(healthy.live.pairs[0], owned(1, 0))))


ROLE = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "istiod"}}
MORE = {**ROLE, "rules": [{"verbs": ["*"]}]}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "istiod", "namespace": "istio-system"}}
ASKED, NEW_FIELD = {**SERVICE, "spec": {"type": "A"}}, {**SERVICE, "spec": {"type": "A", "novelty": "x"}}


def drift_of(healthy, pair: Pair):
    return list(drift_of_releases.check_releases(found(healthy, pairs=(pair,))))


def test_what_was_added_is_taken_out_by_a_patch_since_helm_keeps_it(healthy):
    (finding,) = drift_of(healthy, Pair("istio-system/istiod", {**ROLE, "rules": []}, MORE))
    assert finding.level is Level.ERROR
    assert finding.fix == (
        """`kubectl patch clusterrole istiod --type=json -p '[{"op": "remove", "path": "/rules/0"}]'`"""
    )


def test_an_object_of_the_program_also_gets_back_the_fields_that_the_patch_would_own(healthy):
    (finding,) = [
        one for one in run(found(healthy, pairs=(Pair("", {**ROLE, "rules": []}, MORE),))) if "added" in one.message
    ]
    assert finding.fix.endswith(
        """}]'`, then `kubectl patch clusterrole istiod --type=merge -p '{"metadata": {"managedFields": [{}]}}'`"""
    )


def test_a_changed_object_of_the_program_gets_its_fields_back_before_the_preview_that_would_be_refused_them(healthy):
    changed = Pair("", ASKED, {**SERVICE, "spec": {"type": "B"}})
    (finding,) = [one for one in run(found(healthy, pairs=(changed,))) if "'B', not" in one.message]
    given_up = (
        """`kubectl patch service istiod -n istio-system --type=merge -p '{"metadata": {"managedFields": [{}]}}'`"""
    )
    assert finding.fix == f"{given_up}, then `pulumi up --refresh`"


def test_what_was_changed_besides_is_put_back_by_helm(healthy):
    live = {**SERVICE, "spec": {"type": "B", "externalIPs": ["1.2.3.4"]}}
    (finding,) = drift_of(healthy, Pair("istio-system/istiod", ASKED, live, defaulted=ASKED))
    assert "kubectl patch service istiod -n istio-system" in finding.fix
    assert finding.fix.endswith("then `helm rollback -n istio-system istiod 3`")


@pytest.mark.parametrize(
    ("known", "level"),
    [({"defaulted": NEW_FIELD}, Level.OK), ({"refusal": "no rights"}, Level.UNKNOWN), ({}, Level.UNKNOWN)],
)
def test_a_field_that_may_be_a_default_is_judged_by_the_api_servers_answer_alone(healthy, known, level):
    (finding,) = drift_of(healthy, Pair("istio-system/istiod", ASKED, NEW_FIELD, **known))
    assert finding.level is level


@pytest.mark.parametrize("release", ["istio-system/istiod", ""])
def test_an_object_that_may_not_be_read_is_neither_right_nor_wrong(healthy, release):
    pair = Pair(release, ASKED, None, refusal="services is forbidden")
    findings = [one for one in run(found(healthy, pairs=(pair,))) if one.kind == "Service"]
    assert [one.level for one in findings] == [Level.UNKNOWN]


def test_of_a_changed_secret_no_value_is_shown(healthy):
    wanted = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "grafana"}, "data": {"password": "b2xk"}}
    (finding,) = drift_of(healthy, Pair("istio-system/istiod", wanted, {**wanted, "data": {"password": "bmV3"}}))
    assert finding.message == "was changed: data.password"


@pytest.mark.parametrize(("count", "end"), [(3, "d2: 'b', not 'a'"), (5, "d2: 'b', not 'a', and 2 more")])
def test_the_differences_after_the_first_three_are_counted(healthy, count, end):
    wanted, live = ({**ROLE, **{f"d{number}": value for number in range(count)}} for value in "ab")
    (finding,) = drift_of(healthy, Pair("istio-system/istiod", wanted, live))
    assert finding.message.endswith(end)
