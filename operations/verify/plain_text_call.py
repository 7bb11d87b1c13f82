"""The plain-text call that STRICT must refuse: `verify --probe`.

The API server's pod proxy is such a caller: it speaks HTTP without any certificate of the mesh, and needs no pod and no
image (https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/).
"""

import json
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto

from operations import envoy_server
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.mutual_tls import left_out, modes_of
from pi_mesh.checks.verify.policy_targets import meshed_pods, workloads_subject
from pi_mesh.checks.verify.remedies import workload_of
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.words import counted

ID = "plain-text call"
SECONDS = 8
"""Seconds for one call."""
MOST = 30
"""Number of calls in one namespace, at most."""
UNCALLED = "was not made: no Ready pod with a sidecar has a port that must refuse it"
CALLED = "`python -m operations connectivity -s STACK` makes it to a pod of its own"
NOT_REACHED = ("dial tcp", "connection refused", "no route to host", "timeout", "deadline exceeded")
PROXY_FAILED = "error trying to reach service"


class Outcome(Enum):
    """The result of a plain-text call."""

    REFUSED = auto()
    """The connection was made and then closed without an answer."""
    ANSWERED = auto()
    UNKNOWN = auto()


def check(observation: Observation) -> list[Finding]:
    """Make the calls and return what they showed. Raises as `pi_mesh.cluster.client.Client` does."""
    if observation.settings.mtls.mode != "STRICT":
        mode = f"was not made: mtls.mode is {observation.settings.mtls.mode}, which takes plain text"
        return [ok(ID, workloads_subject(observation), mode)]
    with Client(observation.settings.cluster.context) as client:
        findings: list[Finding] = []
        for namespace in (entry.name for entry in observation.settings.workload_namespaces if entry.own.injection):
            ports = _ports(observation, namespace)
            subject = Subject("namespace", namespace)
            findings += _workloads(client, namespace, ports) if ports else [unknown(ID, subject, UNCALLED, CALLED)]
        return findings


def call_in_plain_text(client: Client, namespace: str, pod: str, port: int) -> tuple[Outcome, str]:
    """Call a port of a pod in plain text through the API server, and return the outcome with its text."""
    status, text, _ = client.relay(f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy/", SECONDS)
    message = api_server_says(text)
    if PROXY_FAILED in message:
        lost = any(word in message for word in NOT_REACHED)
        return (Outcome.UNKNOWN if lost else Outcome.REFUSED), message.partition(PROXY_FAILED)[2].strip(": ")
    if message and status in (401, 403, 404):
        return Outcome.UNKNOWN, message
    return Outcome.ANSWERED, f"status {status}"


def call_job(client: Client, namespace: str, pod: str) -> tuple[Outcome, str]:
    """Call a Job's pod past its proxy, and then through it; where the first call has no answer, nothing is known."""
    control, words = call_in_plain_text(client, namespace, pod, envoy_server.CONTROL)
    if control is not Outcome.ANSWERED:
        return Outcome.UNKNOWN, f"the API server does not reach pods ({words})"
    return call_in_plain_text(client, namespace, pod, envoy_server.GUARDED)


def api_server_says(text: str) -> str:
    """Return the message of a Status of the Kubernetes API; empty for the answer of an application."""
    if text.startswith(PROXY_FAILED):
        return text
    try:
        answer = json.loads(text)
    except ValueError:
        return ""
    return str(answer.get("message", "")) if isinstance(answer, dict) and answer.get("kind") == "Status" else ""


def _ports(observation: Observation, namespace: str) -> list[tuple[Pod, int]]:
    """Return one pod of each workload of a namespace with each port that must refuse plain text."""
    modes, by_workload = modes_of(observation), {}
    for pod in meshed_pods(observation):
        if pod.namespace != namespace or not pod.ready or left_out(pod.annotations):
            continue
        for port in (port for container in pod.containers if container.name != SIDECAR for port in container.ports):
            if modes.mode(pod, port) == "STRICT":
                by_workload.setdefault((workload_of(pod), port), (pod, port))
    return list(by_workload.values())[:MOST]


def _workloads(client: Client, namespace: str, ports: list[tuple[Pod, int]]) -> list[Finding]:
    with ThreadPoolExecutor(max_workers=5) as pool:
        outcomes = list(pool.map(lambda end: call_in_plain_text(client, namespace, end[0].name, end[1]), ports))
    findings, refused = [], 0
    for (pod, port), (outcome, words) in zip(ports, outcomes, strict=True):
        subject = Subject("pod", pod.id)
        if outcome is Outcome.ANSWERED:
            fix = "see the checks of mutual TLS; if they are ok, restart the pod, whose proxy may be stale"
            findings.append(error(ID, subject, f"port {port} answered a plain-text call ({words})", fix))
        elif outcome is Outcome.UNKNOWN:
            findings.append(unknown(ID, subject, f"port {port} could not be called: {words}"))
        refused += outcome is Outcome.REFUSED
    if refused:
        calls = counted(refused, "plain-text call was", "plain-text calls were")
        return [ok(ID, Subject("namespace", namespace), f"{calls} refused, as STRICT asks", number=refused), *findings]
    return findings
