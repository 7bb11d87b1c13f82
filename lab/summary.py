"""The command `python -m lab.summary`: the last screen of `make up`, from the outputs of the stack lab."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from lab.cluster import forward
from lab.cluster.kubectl import get
from lab.cluster.machines import NODES
from lab.cluster.names import CHECKOUT
from lab.dead_run import STACK
from lab.workloads import CONTROL

INGRESS = "istio-ingressgateway"
COMMANDS = {
    "make demo": "a small trading application behind the ingress gateway",
    ". .lab/env": "then plain pulumi, kubectl, helm, istioctl: `kubectl get pods -A`",
    "make down": "the mesh and the cluster gone again",
}


def lines(outputs: dict[str, Any], address: str) -> Iterator[str]:
    """Yield the lines; `address`: the URL on 127.0.0.1 of the ingress gateway, empty if it is switched off."""
    budget = outputs["budget"]
    yield f"Istio {outputs['istioVersion']} is up on {len(NODES)} nodes and verified."
    yield f"  releases    {', '.join(outputs['releases'])}"
    yield f"  ingress     {f'{address} (it listens once a Gateway asks it to)' if address else 'switched off'}"
    yield f"  mutual TLS  {outputs['mutualTls']}; pods in {outputs['tradingNamespace']} get a sidecar"
    yield f"  requests    {budget['requests']} (CPU / memory); room for {budget['sidecars']} more sidecars"
    yield "Look further"
    yield from (f"  {command:<11} {meaning}" for command, meaning in COMMANDS.items())


def ingress_url() -> str:
    """Return the URL on 127.0.0.1 that leads to the ingress gateway's Service; empty where there is none."""
    found = get("services", f"--namespace={CONTROL}", f"--field-selector=metadata.name={INGRESS}")["items"]
    if not found:
        return ""
    port = forward.keep("ingress", f"{found[0]['spec']['clusterIP']}:80")
    return f"http://127.0.0.1:{port}"


def main() -> int:
    """Print the screen and return the exit status."""
    command = ("pulumi", "stack", "output", "--json", "--stack", STACK)
    done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return done.returncode  # pulumi has printed the reason
    outputs = json.loads(done.stdout)
    print("", *lines(outputs, ingress_url()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
