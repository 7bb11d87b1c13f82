"""A real registry in the lab (distribution), and before it a server that answers by fault, as registries do.

The first part of an image's name is its case: the hub `10.250.0.1:5000/slow` gives `istio/pilot` slowly. Each case has
a layer of its own, for a node that has a layer never asks for it again.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.cluster import enter, process
from lab.cluster.machines import CONTROL_PLANE, NODES
from lab.cluster.names import CHECKOUT
from lab.cluster.waiting import wait_until
from lab.toolchain import images, programs

STORE, FRONT = f"{CONTROL_PLANE.address}:5001", f"{CONTROL_PLANE.address}:5000"
HOSTS = f'server = "http://{FRONT}"\n'
CONFIGURATION = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "{address}"}}
"""


def hub(case: str) -> str:
    """Return the value of images.hub by which images come as the case says."""
    return f"{FRONT}/{case}"


@contextmanager
def running(*cases: str) -> Iterator[None]:
    """Have the registry with istiod's image for each case; build the registry first if needed."""
    programs.ensure(["registry"])
    folder = CONTROL_PLANE.folder / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "registry.yaml").write_text(CONFIGURATION.format(folder=folder / "data", address=STORE))
    for node in NODES:
        place = node.folder / "certs.d" / FRONT
        place.mkdir(parents=True, exist_ok=True)
        (place / "hosts.toml").write_text(HOSTS)
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    command = (programs.program("registry"), "serve", folder / "registry.yaml")
    process.start("registry", enter.network(CONTROL_PLANE, *command))
    pilot = next(Path(tar) for name, tar in images.image_tars() if "pilot" in name)
    module = ("env", f"PYTHONPATH={CHECKOUT}", sys.executable, "-m", "tests.support.registry_faults")
    process.start("registry-faults", enter.network(CONTROL_PLANE, *module, pilot, ready, *cases))
    try:
        wait_until("the registry with its images", ready.exists, seconds=90)
        yield
    finally:
        process.stop("registry-faults", seconds=1)
        process.stop("registry", seconds=2)
