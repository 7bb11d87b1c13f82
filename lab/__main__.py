"""The command `python -m lab`, which starts, stops and changes the local cluster."""

import argparse
import subprocess
import sys
from pkgutil import resolve_name

from lab.cluster.shell import LabError

# Functions by name, imported only when called, so that `up` with nothing to do takes no time.
COMMANDS = {
    "up": ("lab.cluster.lifecycle:up", "start the local cluster; a running one stays unchanged"),
    "down": ("lab.cluster.lifecycle:down", "stop the local cluster and remove all of it except the built programs"),
    "cert-manager": (
        "lab.cluster.node_images:provide_cert_manager",
        "give the nodes what `vault.key: internal` installs",
    ),
    "conformance": ("lab.conformance:run", "run the Gateway API's conformance suite against the mesh of `make up`"),
}
VAULT = {name: f"lab.cluster.vault:{name}" for name in ("up", "down", "seal", "unseal")}
ISTIO, IMAGES = "lab.cluster.node_images:load_istio", "lab.cluster.node_images:load"
NODE = {name: f"lab.cluster.faults:{name}_node" for name in ("stop", "start")}

POWER = {name: f"lab.cluster.power:{name}" for name in ("off", "on")}


def main() -> int:
    """Run the command and return the exit status: 0 for success, 1 after one line on stderr with the error."""
    arguments = vars(_parser().parse_args())
    try:
        resolve_name(arguments.pop("function"))(**arguments)
    except (LabError, LookupError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="Start, stop and change the local cluster.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (function, meaning) in COMMANDS.items():
        commands.add_parser(name, help=meaning).set_defaults(function=function)
    _group(commands.add_parser("vault", help="a Vault server beside the cluster"), VAULT)
    node = _group(commands.add_parser("node", help="stop or start a real node"), NODE)
    for command in node:
        command.add_argument("name", help="pi-1, pi-2 or pi-3")
    istio = commands.add_parser("istio", help="give the nodes the images of another Istio version")
    istio.add_argument("version", help="its charts are placed beside the lab's own; built at the first call")
    istio.set_defaults(function=ISTIO)
    machines = commands.add_parser("power", help="every board and the control plane off or on, as a cut does")
    _off, on = _group(machines, POWER)
    on.add_argument("names", nargs="*", metavar="NAME", help="cp, pi-1, pi-2 or pi-3; all by default")
    images = commands.add_parser("images", help="give the nodes images from archives")
    images.add_argument("tars", nargs="+", metavar="FILE", help="a docker-archive")
    images.set_defaults(function=IMAGES)
    reach = commands.add_parser("reach", help="open a port on 127.0.0.1 that leads to an address inside")
    reach.add_argument("name", help="its name, such as ingress")
    reach.add_argument("target", help="host:port inside, such as 10.250.0.2:30080 (a node's address and a NodePort)")
    reach.set_defaults(function="lab.cluster.forward:reach")
    return parser


def _group(parser: argparse.ArgumentParser, functions: dict[str, str]) -> list[argparse.ArgumentParser]:
    """Add the commands of one group, each with its function, and return their parsers."""
    commands = parser.add_subparsers(required=True, metavar="|".join(functions))
    parsers = []
    for name, function in functions.items():
        parsers.append(commands.add_parser(name))
        parsers[-1].set_defaults(function=function)
    return parsers


if __name__ == "__main__":
    sys.exit(main())
