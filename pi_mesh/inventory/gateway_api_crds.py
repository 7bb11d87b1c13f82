"""The CRDs of the Gateway API that `gatewayApi.crds` asks for, from the file of their release."""

from pathlib import Path
from typing import Any

import yaml

from pi_mesh.inventory import Inventory
from pi_mesh.inventory.chart_lock import sum_of
from pi_mesh.names import OWNER_ANNOTATION


def mismatch(mesh: Inventory) -> tuple[str, str] | None:
    """Return what is wrong with the file, and what to do; None if it has the sum of the settings, or none is asked."""
    asked = mesh.settings.gateway_api.crds
    if asked is None or (sha256 := sum_of(asked.file)) == asked.sha256:
        return None
    if sha256:
        return f"{asked.file} has the sha256 {sha256}, not {asked.sha256}", "do not install it; find out who changed it"
    return f"{asked.file} is not there", f"`curl --fail --location --create-dirs --output {asked.file} {asked.url}`"


def manifests(mesh: Inventory) -> list[dict[str, Any]]:
    """Return the CRDs, marked as this stack's; none where the settings ask for none."""
    # The release's ValidatingAdmissionPolicy is left out: it refuses older CRDs, as preflight does.
    asked = mesh.settings.gateway_api.crds
    text = Path(asked.file).read_text(encoding="utf-8") if asked else ""
    documents = (document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document)
    crds = [document for document in documents if document["kind"] == "CustomResourceDefinition"]
    for crd in crds:
        # A stack that was destroyed left them, as another field manager of server-side apply.
        crd["metadata"]["annotations"] |= {OWNER_ANNOTATION: mesh.owner, "pulumi.com/patchForce": "true"}
        crd.pop("status", None)
    return crds
