"""Drift: `verify` names it, with and without --read-only, and its own advice repairs it."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from lab.cluster.environment import variables
from lab.cluster.kubectl import kubectl
from lab.cluster.names import CHECKOUT
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observe import Needs, observe
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.settings import parse
from pi_mesh.settings.pulumi_config import plain_values
from tests.support import pods
from tests.support.healthy_mesh import run
from tests.support.helm import helm
from tests.support.project import STACK, Project, wait_for

COMMAND = re.compile(r"`((?:kubectl|helm|pulumi) .*?)`")
CLUSTER_ROLE = ("clusterrole", "istiod-clusterrole-istio-system")
ISTIOD = ("deployment", "istiod", "--namespace=istio-system")
INGRESS = ("service", "istio-ingressgateway", "--namespace=istio-system")
SIDECAR = ("sidecars.networking.istio.io", "default", "--namespace=trading")
INJECTOR = ("mutatingwebhookconfiguration", "istio-sidecar-injector")
ADDED = {
    "a rule of a role": (
        CLUSTER_ROLE,
        "/rules/-",
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        "rules[",
    ),
    "a container of istiod": (
        ISTIOD,
        "/spec/template/spec/containers/-",
        {"name": "second", "image": "docker.io/istio/pilot:1.31.0", "args": ["help"]},
        "containers[second]",
    ),
    "a port of a Service": (INGRESS, "/spec/ports/-", {"name": "debug", "port": 15000}, "ports[debug]"),
}
SETTINGS = {
    "ingress.replicas": ("ingress", "replicas", 3),
    "istio.pilotReplicas": ("istio", "pilotReplicas", 5),
    "istio.version": ("istio", "version", "1.30.0"),
    "proxy.outboundTraffic": ("proxy", "outboundTraffic", "REGISTRY_ONLY"),
    "mtls.certificateLifetime": ("mtls", "certificateLifetime", "24h"),
    "ingress.service.type": ("ingress", "service", {"type": "LoadBalancer"}),
    "images.hub": ("images", "hub", "example.com/istio"),
}


@pytest.fixture(autouse=True)
def environment(monkeypatch, mesh):  # noqa: ARG001 - first the mesh
    """Set the environment of a user's shell."""
    for name, value in variables().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=[False, True], ids=["", "--read-only"])
def every_finding(request, monkeypatch) -> tuple[bool, Callable[..., list[Finding]]]:
    """Return whether --read-only is used, and `find(ingress=("replicas", 3))`: the findings with other settings.

    With --read-only the account may get and list, and nothing else.
    """
    if request.param:
        monkeypatch.setenv("KUBECONFIG", str(request.getfixturevalue("reader_kubeconfig")))

    def find(**changes: tuple[str, object]) -> list[Finding]:
        content = yaml.safe_load((CHECKOUT / f"Pulumi.{STACK}.yaml").read_text())["config"]
        for branch, (key, value) in changes.items():
            content.setdefault(f"pi-mesh:{branch}", {})[key] = value
        settings = parse(plain_values(content))
        needs = Needs.READ_ONLY_VERIFICATION if request.param else Needs.VERIFICATION
        return run(observe(settings, STACK, lambda: NEVER_RUN, None, needs))

    return request.param, find


@pytest.fixture
def problems(every_finding) -> Callable[..., list[Finding]]:
    """Return the same function for problems alone."""
    _, find = every_finding
    return lambda **changes: [one for one in find(**changes) if one.level in (Level.ERROR, Level.WARNING)]


def follow(finding: Finding, project: Project | None = None) -> None:
    """Do what a finding advises; `pulumi` in the project, with its preview."""
    commands = COMMAND.findall(finding.fix)
    assert commands, finding.fix
    for command in commands:
        if command.startswith("kubectl"):
            kubectl(*shlex.split(command)[1:])
        elif project:
            project.pulumi(*shlex.split(command)[1:], "--yes").must()
        else:
            helm(*shlex.split(command)[1:])


def is_green(problems: Callable[..., list[Finding]]) -> None:
    wait_for("a verification without problems", lambda: not problems(), seconds=60)


def test_a_healthy_mesh_has_nothing_amiss(problems):
    assert problems() == []


@pytest.mark.parametrize("what", ADDED)
def test_what_was_added_is_named_and_taken_out_by_the_advice(problems, what):
    target, pointer, value, named = ADDED[what]
    patch = [{"op": "add", "path": pointer, "value": value}]
    kubectl("patch", *target, "--type=json", "-p", json.dumps(patch))
    (problem,) = [one for one in problems() if one.id == "drift of releases"]
    assert named in problem.message
    assert "was added" in problem.message
    follow(problem)
    is_green(problems)


@pytest.fixture
def external_address() -> Iterator[str]:
    """Yield the address of a field whose default only the API server knows."""
    add = [{"op": "add", "path": "/spec/externalIPs", "value": ["203.0.113.7"]}]
    kubectl("patch", *INGRESS, "--type=json", "-p", json.dumps(add))
    yield "spec.externalIPs: ['203.0.113.7'] was added"
    kubectl("patch", *INGRESS, "--type=merge", "-p", json.dumps({"spec": {"externalIPs": None}}))


def test_an_added_field_that_may_be_a_default_is_drift_where_the_api_server_may_be_asked(
    every_finding, external_address
):
    read_only, found = every_finding
    (finding,) = [one for one in found() if one.id == "drift of releases" and one.level is not Level.OK]
    assert finding.level is (Level.UNKNOWN if read_only else Level.ERROR)
    assert external_address in finding.message


def test_a_changed_image_is_named_and_put_back_by_the_advice(problems, older_istio):
    older_istio("1.30.0")
    kubectl("set", "image", "deployment/istiod", "discovery=docker.io/istio/pilot:1.30.0", "--namespace=istio-system")
    (problem,) = [one for one in problems() if one.id == "drift of releases"]
    assert "containers[discovery].image: 'docker.io/istio/pilot:1.30.0'" in problem.message
    follow(problem)
    is_green(problems)


def test_a_deleted_webhook_is_named_and_put_back_by_the_advice(problems):
    kubectl("delete", *INJECTOR)
    found = problems()
    assert "webhooks" in {one.id for one in found}
    (problem,) = [one for one in found if one.id == "drift of releases"]
    assert "is gone" in problem.message
    follow(problem)
    is_green(problems)


@pytest.mark.parametrize("key", SETTINGS)
def test_a_setting_that_was_not_applied_is_named(problems, key):
    branch, name, value = SETTINGS[key]
    found = {one.name: one for one in problems(**{branch: (name, value)}) if one.id == "settings applied"}
    shown = "LoadBalancer" if isinstance(value, dict) else str(value)
    assert f"asks for {shown!r}" in found[key].message or f"asks for {shown}" in found[key].message
    assert "pulumi up" in found[key].fix


def test_three_settings_that_were_not_applied_are_each_named(problems):
    three = {"ingress": ("replicas", 2), "proxy": ("concurrency", 4), "mtls": ("certificateLifetime", "12h")}
    found = [one.name for one in problems(**three) if one.id == "settings applied"]
    assert {"ingress.replicas", "proxy.concurrency", "mtls.certificateLifetime"} <= set(found)


@pytest.fixture
def old_sidecar(older_istio) -> Iterator[str]:
    older_istio("1.30.0")
    pod = pods.pod("trading", "old", pods.idle())
    image = {"sidecar.istio.io/proxyImage": "docker.io/istio/proxyv2:1.30.0"}
    pod["metadata"] = {**pod["metadata"], "annotations": image}
    kubectl("apply", "-f", "-", stdin=json.dumps(pod))
    yield "trading/old"
    kubectl("delete", "pod", "old", "--namespace=trading", "--ignore-not-found")


def test_an_old_sidecar_is_named_with_its_restart(problems, old_sidecar):
    (problem,) = [one for one in problems() if one.id == "stale proxies"]
    assert (problem.kind, problem.name, problem.message) == (
        "pod",
        old_sidecar,
        "1 proxy is of 1.30.0, istiod of 1.31.0",
    )
    follow(problem)
    is_green(problems)


def test_what_was_added_to_an_object_of_the_program_is_named_and_taken_out_by_the_advice(problems):
    patch = [{"op": "add", "path": "/spec/egress/0/hosts/-", "value": "*/*"}]
    kubectl("patch", *SIDECAR, "--type=json", "-p", json.dumps(patch))
    (problem,) = [one for one in problems() if one.id == "namespaces and objects"]
    assert "'*/*' was added" in problem.message
    follow(problem)
    is_green(problems)


def test_a_changed_object_of_the_program_is_named_and_put_back_by_the_advice(problems, mesh):
    patch = [{"op": "replace", "path": "/spec/egress/0/hosts/0", "value": "elsewhere/*"}]
    kubectl("patch", *SIDECAR, "--type=json", "-p", json.dumps(patch))
    (problem,) = [one for one in problems() if one.id == "namespaces and objects"]
    assert "'elsewhere/*', not" in problem.message
    follow(problem, mesh)
    is_green(problems)


@pytest.mark.long
def test_a_value_that_somebody_changed_with_helm_is_named_and_put_back_by_a_refreshing_up(problems, mesh):
    chart = CHECKOUT / ".lab/charts/istiod-1.31.0.tgz"
    helm("upgrade", "istiod", str(chart), "--reuse-values", "--set", "meshConfig.defaultConfig.concurrency=3")
    assert problems() != []
    mesh.must_up("--refresh")
    is_green(problems)


@pytest.fixture
def reader(mesh: Project, reader_kubeconfig: Path) -> Iterator[Project]:
    """Yield the mesh with the account that may only get and list."""
    mesh.more["KUBECONFIG"] = str(reader_kubeconfig)
    yield mesh
    mesh.more.clear()


def test_who_may_only_get_and_list_verifies_and_is_told_what_was_not_compared(reader):
    done = reader.operation("verify", "--read-only", "--json").must()
    report = json.loads(done.output)
    assert report["totals"]["error"] == 0
    skipped = [one for one in report["findings"] if one["level"] == "unknown"]
    assert {one["id"] for one in skipped} == {"read-only verification", "cpu throttling"}
    assert "Helm's records" in skipped[0]["message"]


def test_who_may_only_get_and_list_is_refused_the_whole_verification(reader):
    assert reader.operation("verify").status != 0
