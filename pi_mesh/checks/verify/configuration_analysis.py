"""`istioctl analyze` must report no errors about this mesh; needs an istioctl of a close version on PATH."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import yaml

from pi_mesh.catalog import istio
from pi_mesh.checks.finding import Finding, Level, Subject, ok, unknown
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.words import counted, listed, text_before

ID = "configuration analysis"
ISTIOCTL = Subject("command", "istioctl")
SECONDS = 15
"""Seconds to wait: an istioctl of another version may wait for kinds that the cluster lacks, and never answer."""
EXAMPLES = 3
COVERED = ("IST0102", "IST0103", "IST0109", "IST0130")
"""Messages that `sidecar injection`, `workloads` and `conflicts` give too: no injection, a pod without a sidecar, two
routes of one host, and a rule that no request reaches (istio.io/latest/docs/reference/config/analysis)."""
LEVELS = {"Error": Level.ERROR, "Warning": Level.WARNING}


def check(observation: Observation) -> list[Finding]:
    """Return a finding for each message about this mesh, and one for each kind of message about objects of others.

    Before an `up` the objects of the settings are judged with what runs, as both will be after it.
    """
    if shutil.which("istioctl") is None:
        message = f"is not on PATH: of Istio's own analysis, checks here cover {', '.join(COVERED)}"
        return [unknown(ID, ISTIOCTL, message, "install istioctl")]
    try:
        planned = [] if observation.live else [item.manifest for item in observation.mesh.objects]
        return _analyzed(observation.mesh, observation.snapshot, planned)
    except subprocess.TimeoutExpired as problem:
        return [_no_answer(problem.cmd, f"within {SECONDS} s")]
    except OSError as problem:
        message = f"can't be run: {problem.strerror}: Istio's own analysis did not run"
        return [unknown(ID, ISTIOCTL, message, "install istioctl for this machine")]


def _analyzed(mesh: Inventory, cluster: Snapshot, planned: Sequence[Mapping]) -> list[Finding]:
    if differs := _other_version(mesh.settings.istio.version):
        return [differs]
    context, namespace = mesh.settings.cluster.context, mesh.settings.istio.namespace
    command = ["istioctl", "analyze", "-A", "-o", "json", "--context", context, "-i", namespace]
    command += ["-"] if planned else []
    done = subprocess.run(
        command, input=yaml.safe_dump_all(planned), capture_output=True, text=True, check=False, timeout=SECONDS
    )
    try:
        return message_findings(json.loads(done.stdout) or [], mesh, cluster)
    except json.JSONDecodeError:
        *_, last = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()
        return [_no_answer(command, f"but: {last}")]


def message_findings(messages: Iterable[dict], mesh: Inventory, cluster: Snapshot) -> list[Finding]:
    """Judge the messages: only those about the mesh's own namespaces and objects decide the exit status."""
    own, foreign = [], []
    for message in messages:
        (own if _concerns(mesh, cluster, *_origin(message)) else foreign).append(message)
    return [*map(_finding, own), *_grouped(foreign)] or [ok(ID, Subject("namespace"), "nothing to report")]


def _concerns(mesh: Inventory, cluster: Snapshot, kind: str, name: str) -> bool:
    namespaces = {entry.name for entry in mesh.namespaces}
    namespace, slash, _ = name.rpartition("/")
    if slash or kind == "Namespace":
        return (namespace if slash else name) in namespaces
    releases = {hook.release for hook in cluster.webhooks if hook.configuration == name}
    releases |= {crd.release for crd in cluster.crds if crd.name == name}
    # Without an object of its own a message is about the mesh as a whole.
    return not name or any(map(mesh.owns, releases))


def _finding(message: dict) -> Finding:
    level, fix = (LEVELS[message["level"]], _page(message)) if message["level"] in LEVELS else (Level.OK, "")
    return Finding(ID, *_origin(message), level, None, _text(message), fix)


def _grouped(messages: Iterable[dict]) -> Iterator[Finding]:
    """Yield a finding for each code and level: an error in a foreign configuration is no error of this mesh."""
    by_code = itemgetter("level", "code")
    for (level, _), group in groupby(sorted(messages, key=by_code), key=by_code):
        same = list(group)
        names = list(dict.fromkeys(f"{kind} {name}" for kind, name in map(_origin, same)))
        message = f"{counted(len(names), 'object')} ({listed(names, EXAMPLES)}): {_text(same[0])}"
        shown, fix = (Level.WARNING, _page(same[0])) if level in LEVELS else (Level.OK, "")
        yield Finding(ID, "other namespace", "", shown, len(names), message, fix)


def _origin(message: dict) -> tuple[str, str]:
    """Return the kind, and the NAMESPACE/NAME or NAME, of the object that a message is about."""
    kind, _, name = message.get("origin", "cluster").partition(" ")
    return kind, name


def _text(message: dict) -> str:
    return f"{message['code']} {message['message']}"


def _page(message: dict) -> str:
    """Return the URL of the page that explains the message, without the tracking part of the link."""
    return text_before(message.get("documentationUrl", ""), "?")


def _other_version(mesh: str) -> Finding | None:
    """Return a finding where istioctl is more than one minor version away: Istio does not support that either."""
    command = ["istioctl", "version", "--remote=false", "-o", "json"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS).stdout
    match = re.search(r'"version": "1\.(\d+)', said)
    minor = istio.facts_of(mesh).minor
    if match is None or abs(int(match[1]) - minor) <= 1:
        return None
    message = f"is of Istio 1.{match[1]}, and the mesh of 1.{minor}: Istio's own analysis did not run"
    return unknown(ID, ISTIOCTL, message, f"install istioctl 1.{minor}")


def _no_answer(command: list[str], why: str) -> Finding:
    return unknown(ID, ISTIOCTL, f"{command[1]} gave no answer {why}", f"run `{' '.join(command)}`")
