"""The mesh of the stack lab with other settings for a while, and as it is shipped afterwards."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lab import dead_run
from lab.bench.timed_command import lab_environment, run
from lab.cluster.kubectl import kubectl
from lab.cluster.names import CHECKOUT
from lab.workloads import CONTROL
from pi_mesh.settings.stack_file import load_file

SHIPPED = CHECKOUT / f"Pulumi.{dead_run.STACK}.yaml"
UP = ("pulumi", "up", "--stack", dead_run.STACK, "--yes", "--skip-preview", "--non-interactive")
MEASURED = {"istiod": "app=istiod", "istio-ingressgateway": "istio=ingressgateway"}
"""The Deployments whose processes start anew with the settings, and their pods' selectors."""

Changes = Mapping[str, Mapping[str, Any]]
"""Keys of a branch, such as `istio`, with their values."""


@contextmanager
def changeable(say: Callable[[str], object]) -> Iterator[Callable[[Changes], None]]:
    """Yield a function that installs the shipped settings with changes.

    At the end the shipped ones are installed again, after an error or Ctrl-C too. A second Ctrl-C ends that as well:
    `make up` does it then.
    """
    environment = lab_environment()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / SHIPPED.name

        def install(changes: Changes) -> None:
            file.write_text(changed(SHIPPED.read_text(), changes))
            run([*UP, "--config-file", str(file)], environment)
            _start_anew()

        try:
            yield install
        finally:
            say("the shipped settings are installed again")
            for line in dead_run.clear(environment):
                say(line)
            run(UP, environment)


def changed(stack_file: str, changes: Changes) -> str:
    """Return the text of a stack file with these keys changed."""
    content = yaml.safe_load(stack_file)
    for branch, keys in changes.items():
        content["config"].setdefault(f"pi-mesh:{branch}", {}).update(keys)
    return yaml.safe_dump(content)


def with_memory(limit: str) -> Changes:
    """Return the changes that give istiod, the gateways and the sidecars another memory limit."""
    settings = load_file(SHIPPED)
    branches = {
        "istio": settings.istio,
        "proxy": settings.proxy,
        "ingress": settings.ingress,
        "egress": settings.egress,
    }
    found = {}
    for name, branch in branches.items():
        resources = branch.resources.to_kubernetes()
        found[name] = {"resources": {**resources, "limits": {**resources["limits"], "memory": limit}}}
    return found


def _start_anew() -> None:
    """Delete the pods, istiod's first, so that each series starts with fresh processes, and wait for the next ones."""
    for deployment, selector in MEASURED.items():
        kubectl("delete", "pod", f"--namespace={CONTROL}", f"--selector={selector}")
        kubectl("rollout", "status", f"--namespace={CONTROL}", f"deployment/{deployment}", "--timeout=180s")
