"""Drift: `verify` names it, with and without --read-only, its own advice repairs it, and a workflow reports it."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from lab.cluster.kubectl import get, kubectl
from lab.cluster.names import CHECKOUT
from lab.cluster.waiting import wait_until
from lab.workloads import apply
from operations import github
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observe import Needs, observe
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.settings import parse
from pi_mesh.settings.pulumi_config import plain_values
from tests.live.versions import LAB, LAB_BEFORE
from tests.support import pods
from tests.support.fake_gh import FakeGh
from tests.support.healthy_mesh import run as run_checks
from tests.support.helm import helm
from tests.support.objects import added, patch
from tests.support.project import STACK, Project

COMMAND = re.compile(r"`((?:kubectl|helm|pulumi) .*?)`")
CLUSTER_ROLE = ("clusterrole", "istiod-clusterrole-istio-system")
RULE = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
ISTIOD = ("deployment", "istiod", "--namespace=istio-system")
INGRESS = ("service", "istio-ingressgateway", "--namespace=istio-system")
SIDECAR = ("sidecars.networking.istio.io", "default", "--namespace=trading")
INJECTOR = ("mutatingwebhookconfiguration", "istio-sidecar-injector")
SECOND = {"name": "second", "image": f"docker.io/istio/pilot:{LAB}", "args": ["help"]}
POD, PORT = "/spec/template/spec", {"name": "debug", "port": 15000}
RELEASES, OBJECTS = "drift of releases", "namespaces and objects"
ADDED = {
    "a rule of a role": (RELEASES, CLUSTER_ROLE, added("/rules/-", RULE), "rules["),
    "a container of istiod": (RELEASES, ISTIOD, added(f"{POD}/containers/-", SECOND), "containers[second]"),
    "a port of a Service": (RELEASES, INGRESS, added("/spec/ports/-", PORT), "ports[debug]"),
    "a scope of a Sidecar": (OBJECTS, SIDECAR, added("/spec/egress/0/hosts/-", "*/*"), "'*/*'"),
}
SETTINGS = {
    "ingress.replicas": 3,
    "istio.pilotReplicas": 5,
    "istio.version": LAB_BEFORE,
    "proxy.outboundTraffic": "REGISTRY_ONLY",
    "mtls.certificateLifetime": "24h",
    "ingress.service.type": "LoadBalancer",
    "images.hub": "example.com/istio",
}
OLD_PILOT = f"docker.io/istio/pilot:{LAB_BEFORE}"

pytestmark = pytest.mark.usefixtures("mesh", "as_user")


@pytest.fixture(params=[False, True], ids=["", "--read-only"])
def every_finding(request, as_user, monkeypatch) -> tuple[bool, Callable[..., list[Finding]]]:  # noqa: ARG001
    """Return whether --read-only is used, and `find({"ingress.replicas": 3})`: the findings with other settings.

    With --read-only the account may get and list, and nothing else.
    """
    if request.param:
        monkeypatch.setenv("KUBECONFIG", str(request.getfixturevalue("reader_kubeconfig")))

    def find(changes: dict[str, object] | None = None) -> list[Finding]:
        content = yaml.safe_load((CHECKOUT / f"Pulumi.{STACK}.yaml").read_text())["config"]
        for path, value in (changes or {}).items():
            branch, *keys, last = path.split(".")
            place = content.setdefault(f"pi-mesh:{branch}", {})
            for key in keys:
                place = place.setdefault(key, {})
            place[last] = value
        needs = Needs.READ_ONLY_VERIFICATION if request.param else Needs.VERIFICATION
        return run_checks(observe(parse(plain_values(content)), STACK, lambda: NEVER_RUN, None, needs))

    return request.param, find


@pytest.fixture
def problems(every_finding) -> Callable[..., list[Finding]]:
    """Return `problems(changes, id="stale proxies")`: the same function for problems alone, or those of one check."""
    _, find = every_finding

    def some(changes: dict[str, object] | None = None, id: str = "") -> list[Finding]:
        bad = [one for one in find(changes) if one.level in (Level.ERROR, Level.WARNING)]
        return [one for one in bad if id in ("", one.id)]

    return some


def cure(problems: Callable[..., list[Finding]], finding: Finding, project: Project | None = None) -> None:
    """Do what a finding advises, `pulumi` in the project, with its preview; afterwards there are no problems."""
    commands = COMMAND.findall(finding.fix)
    assert commands, finding.fix
    for command in commands:
        words = shlex.split(command)[1:]
        if command.startswith("kubectl"):
            kubectl(*words)
        elif project:
            project.pulumi(*words, "--yes").must()
        else:
            helm(*words)
    must_become_green(problems)


def must_become_green(problems: Callable[..., list[Finding]]) -> None:
    wait_until("a verification without problems", lambda: not problems(), seconds=60)


def test_a_healthy_mesh_has_nothing_amiss(problems):
    assert problems() == []


@pytest.mark.parametrize("what", ADDED)
def test_what_was_added_is_named_and_taken_out_by_the_advice(problems, what):
    check, target, step, named = ADDED[what]
    patch(target, step)
    (problem,) = problems(id=check)
    assert named in problem.message
    assert "was added" in problem.message
    cure(problems, problem)


@pytest.fixture
def external_address() -> Iterator[str]:
    """Yield the address of a field whose default only the API server knows."""
    patch(INGRESS, added("/spec/externalIPs", ["203.0.113.7"]))
    yield "spec.externalIPs: ['203.0.113.7'] was added"
    kubectl("patch", *INGRESS, "--type=merge", "-p", json.dumps({"spec": {"externalIPs": None}}))


def test_an_added_field_that_may_be_a_default_is_drift_where_the_api_server_may_be_asked(
    every_finding, external_address
):
    read_only, find = every_finding
    (finding,) = [one for one in find() if one.id == RELEASES and one.level is not Level.OK]
    assert finding.level is (Level.UNKNOWN if read_only else Level.ERROR)
    assert external_address in finding.message


def test_a_changed_image_is_named_and_put_back_by_the_advice(problems, older_istio):
    older_istio(LAB_BEFORE)
    kubectl("set", "image", "deployment/istiod", f"discovery={OLD_PILOT}", "--namespace=istio-system")
    (problem,) = problems(id=RELEASES)
    assert f"containers[discovery].image: '{OLD_PILOT}'" in problem.message
    cure(problems, problem)


def test_a_deleted_webhook_is_named_and_put_back_by_the_advice(problems):
    kubectl("delete", *INJECTOR)
    shown = problems()
    assert "webhooks" in {one.id for one in shown}
    (problem,) = [one for one in shown if one.id == RELEASES]
    assert "is gone" in problem.message
    cure(problems, problem)


@pytest.mark.parametrize("key", SETTINGS)
def test_a_setting_that_was_not_applied_is_named(problems, key):
    value = SETTINGS[key]
    problem = {one.name: one for one in problems({key: value}, id="settings applied")}[key]
    assert f"asks for {value!r}" in problem.message or f"asks for {value}" in problem.message
    assert "pulumi up" in problem.fix


def test_three_settings_that_were_not_applied_are_each_named(problems):
    three = {"ingress.replicas": 2, "proxy.concurrency": 4, "mtls.certificateLifetime": "12h"}
    assert set(three) <= {one.name for one in problems(three, id="settings applied")}


@pytest.fixture
def old_sidecar(older_istio) -> Iterator[str]:
    older_istio(LAB_BEFORE)
    pod = pods.pod("trading", "old", pods.idle())
    image = {"sidecar.istio.io/proxyImage": f"docker.io/istio/proxyv2:{LAB_BEFORE}"}
    apply([{**pod, "metadata": {**pod["metadata"], "annotations": image}}])
    yield "trading/old"
    kubectl("delete", "pod", "old", "--namespace=trading", "--ignore-not-found")


def test_an_old_sidecar_is_named_with_its_restart(problems, old_sidecar):
    (problem,) = problems(id="stale proxies")
    assert (problem.kind, problem.name) == ("pod", old_sidecar)
    assert problem.message == f"1 proxy is of {LAB_BEFORE}, istiod of {LAB}"
    cure(problems, problem)


def test_a_changed_object_of_the_program_is_named_and_put_back_by_the_advice(problems, mesh):
    patch(SIDECAR, {"op": "replace", "path": "/spec/egress/0/hosts/0", "value": "elsewhere/*"})
    (problem,) = problems(id=OBJECTS)
    assert "'elsewhere/*', not" in problem.message
    cure(problems, problem, mesh)


def test_repair_undoes_drift_and_the_next_up_has_nothing_to_change(mesh):
    patch(CLUSTER_ROLE, added("/rules/-", RULE))
    patch(SIDECAR, {"op": "replace", "path": "/spec/egress/0/hosts/0", "value": "elsewhere/*"})
    kubectl("delete", *INJECTOR)
    shown = mesh.operation("repair", "--drift", "--dry-run")
    assert (shown.status, shown.output.count("set it to what was applied")) == (1, 3)
    mesh.operation("repair", "--drift", "--yes").must()
    wait_until("a verification without problems", lambda: mesh.operation("verify").status == 0, seconds=60)
    mesh.must_be_quiet()


@pytest.mark.long
def test_a_value_that_somebody_changed_with_helm_is_named_and_put_back_by_a_refreshing_up(problems, mesh):
    chart = str(CHECKOUT / f".lab/charts/istiod-{LAB}.tgz")
    helm("upgrade", "istiod", chart, "--reuse-values", "--set", "meshConfig.defaultConfig.concurrency=3")
    assert problems() != []
    mesh.must_up("--refresh")
    must_become_green(problems)


@pytest.fixture
def reader(mesh: Project, reader_kubeconfig: Path) -> Iterator[Project]:
    """Yield the mesh with the account that may only get and list."""
    with mesh.with_variables(KUBECONFIG=str(reader_kubeconfig)):
        yield mesh


def test_who_may_only_get_and_list_verifies_and_is_told_what_was_not_compared(reader):
    report = json.loads(reader.operation("verify", "--read-only", "--json").must().output)
    assert report["totals"]["error"] == 0
    skipped = [one for one in report["findings"] if one["level"] == "unknown"]
    assert {one["id"] for one in skipped} == {"read-only verification", "cpu throttling"}
    assert "Helm's records" in skipped[0]["message"]


def test_who_may_only_get_and_list_is_refused_the_whole_verification(reader):
    assert reader.operation("verify").status != 0


@pytest.fixture
def take_out() -> Iterator[Callable[[], None]]:
    """Add a rule to istiod's rights, and yield the function that takes it out again."""
    number = len(get(*CLUSTER_ROLE)["rules"])
    patch(CLUSTER_ROLE, added("/rules/-", RULE))

    def remove() -> None:
        if len(get(*CLUSTER_ROLE)["rules"]) > number:
            patch(CLUSTER_ROLE, {"op": "remove", "path": f"/rules/{number}"})

    yield remove
    remove()


def test_the_workflow_opens_and_closes_one_issue(take_out, mesh, reader_kubeconfig, tmp_path, figure):
    gh = FakeGh(tmp_path / "programs")
    gh.install(github.BOT)
    steps = yaml.safe_load((CHECKOUT / ".github" / "workflows" / "drift.yml").read_text())["jobs"]["verify"]["steps"]
    path = {"PATH": f"{gh.folder}:{mesh.environment['PATH']}", "GITHUB_ACTIONS": "true"}
    environment = {**mesh.environment, "KUBECONFIG": str(reader_kubeconfig), "STACK": STACK, **path}

    def told() -> str:
        command = ["bash", "-e", "-c", steps[-1]["run"]]
        done = subprocess.run(command, cwd=mesh.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.partition(":")[0]

    opened = told()
    assert "rules[" in gh.issues[0]["body"]
    take_out()
    assert (opened, told()) == ("issue 1 was opened", "issue 1 was closed")
    assert [issue["state"] for issue in gh.issues] == ["closed"]
    figure("issue 1 was opened; issue 1 was closed")
