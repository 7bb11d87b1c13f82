"""The CRDs of the Gateway API's standard channel, of the release with which the lab's Istio was built."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from lab.cluster.kubectl import kubectl
from lab.toolchain import go_toolchain
from lab.toolchain.cache import module_folder
from lab.toolchain.istio_parts import CONTROL_PLANES
from pi_mesh.catalog.istio import GATEWAY_API
from tests.support.versions import NEWEST

MODULE, GROUP = "sigs.k8s.io/gateway-api", "gateway.networking.k8s.io"
NAMES = [f"crd/{plural}.{GROUP}" for plural, _, _ in GATEWAY_API.values()]


def release() -> tuple[str, list[dict]]:
    """Return the version, such as "1.6.3", and its CRDs."""
    sums = (module_folder(CONTROL_PLANES[NEWEST]) / "go.sum").read_text().splitlines()
    version, sum_of_zip = next(line.split()[1:] for line in sums if line.startswith(f"{MODULE} v"))
    command = [go_toolchain.go(), "mod", "download", "-json", f"{MODULE}@{version}"]
    own = {"GONOSUMDB": MODULE}
    done = subprocess.run(command, env=go_toolchain.environment() | own, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["Sum"] == sum_of_zip
    plurals = {plural for plural, _, _ in GATEWAY_API.values()}
    files = sorted((Path(answer["Dir"]) / "config/crd/standard").glob(f"{GROUP}_*s.yaml"))
    crds = [yaml.safe_load(file.read_text()) for file in files if file.stem.rpartition("_")[2] in plurals]
    return version.removeprefix("v"), crds


@contextmanager
def applied() -> Iterator[None]:
    """Give the cluster the CRDs for the block, as somebody with kubectl does."""
    _, crds = release()
    with removed():
        # Their text is too long for the annotation of a client-side apply.
        kubectl("apply", "--server-side", "--filename=-", stdin=yaml.safe_dump_all(crds))
        kubectl("wait", "--for=condition=Established", "--timeout=60s", *NAMES)
        yield


@contextmanager
def removed() -> Iterator[None]:
    """Remove the CRDs, and with them all objects, after the block."""
    try:
        yield
    finally:
        kubectl("delete", "--ignore-not-found", *NAMES)
