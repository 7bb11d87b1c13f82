"""`istioctl analyze` must report no errors; needs istioctl on PATH."""

import json
import shutil
import subprocess

from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown, warning
from pi_mesh.settings import Settings

ID = "configuration analysis"
ISTIOCTL = Subject("command", "istioctl")
SECONDS = 60


def analyze(settings: Settings) -> list[Finding]:
    """A finding for each message of Istio's own analysis of all namespaces."""
    istioctl = shutil.which("istioctl")
    if istioctl is None:
        return [unknown(ID, ISTIOCTL, "is not on PATH: Istio's own analysis was not made", "install istioctl")]
    namespace = settings.istio.namespace
    command = [istioctl, "analyze", "-A", "-o", "json", "--context", settings.cluster.context, "-i", namespace]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        messages = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as problem:
        return [unknown(ID, ISTIOCTL, f"analyze gave no answer: {problem}", f"run `{' '.join(command)}`")]
    return [_finding(message) for message in messages] or [ok(ID, Subject("namespace"), "nothing to report")]


def _finding(message: dict) -> Finding:
    kind, _, name = message.get("origin", "cluster").partition(" ")
    subject, text = Subject(kind, name), f"{message['code']} {message['message']}"
    fix = message.get("documentationUrl", "")
    if message["level"] == "Error":
        return error(ID, subject, text, fix)
    return warning(ID, subject, text, fix) if message["level"] == "Warning" else ok(ID, subject, text)
