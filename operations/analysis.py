"""`istioctl analyze`, where it is at hand."""

import json
import shutil
import subprocess

from pi_mesh.checks.finding import Finding, error, ok, unknown, warning
from pi_mesh.settings import Settings

NAME = "configuration analysis"
SECONDS = 60


def analyze(settings: Settings) -> list[Finding]:
    """A finding for each message of Istio's own analysis of all namespaces."""
    istioctl = shutil.which("istioctl")
    if istioctl is None:
        return [unknown(NAME, "istioctl", "is not on PATH: Istio's own analysis was not made", "install istioctl")]
    namespace = settings.istio.namespace
    command = [istioctl, "analyze", "-A", "-o", "json", "--context", settings.cluster.context, "-i", namespace]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        messages = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as problem:
        return [unknown(NAME, "istioctl", f"analyze gave no answer: {problem}", f"run `{' '.join(command)}`")]
    return [_finding(message) for message in messages] or [ok(NAME, "all namespaces", "nothing to report")]


def _finding(message: dict) -> Finding:
    where, text = message.get("origin", "cluster"), f"{message['code']} {message['message']}"
    fix = message.get("documentationUrl", "")
    if message["level"] == "Error":
        return error(NAME, where, text, fix)
    return warning(NAME, where, text, fix) if message["level"] == "Warning" else ok(NAME, where, text)
