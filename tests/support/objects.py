"""Objects of the local cluster in live tests: created for a block, changed by hand, or to stay as they are."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from lab.cluster.kubectl import get, kubectl
from lab.workloads import Workload, apply, delete, manifests, wait_for
from pi_mesh.checks.verify.remedies import FREE_FIELDS


@contextmanager
def present(objects: Iterable[dict[str, Any]], *workloads: Workload) -> Iterator[None]:
    """Create these objects and workloads for the block, which begins when the workloads are Ready; then delete them."""
    everything = [*objects, *(item for workload in workloads for item in manifests(workload))]
    try:
        apply(everything)
        wait_for(*workloads)
        yield
    finally:
        delete(everything)


@contextmanager
def cordoned(node: str) -> Iterator[None]:
    """Cordon a node for the block."""
    kubectl("cordon", node)
    try:
        yield
    finally:
        kubectl("uncordon", node)


def patch(target: Iterable[str], *steps: dict[str, Any]) -> None:
    """Change an object by the steps of a JSON patch."""
    kubectl("patch", *target, "--type=json", f"--patch={json.dumps(steps)}")


def added(path: str, value: object) -> dict[str, Any]:
    """Return the step of a JSON patch that adds a value."""
    return {"op": "add", "path": path, "value": value}


@contextmanager
def patched(kind: str, name: str, namespace: str, change: Callable[[dict], dict]) -> Iterator[None]:
    """Apply the merge patch that `change` returns for the object, and undo it at the end, with kubectl's ownership.

    A field that kubectl still owns is refused to the next `pulumi preview` that changes it.
    """
    before = get(kind, name, f"--namespace={namespace}")

    def merge(content: str) -> None:
        kubectl("patch", kind, name, f"--namespace={namespace}", "--type=merge", f"--patch={content}")

    merge(json.dumps(change(before)))
    try:
        yield
    finally:
        merge(json.dumps({key: before[key] for key in ("spec", "data") if key in before}))
        merge(json.dumps({"metadata": FREE_FIELDS}))


def identities(kinds: str) -> set[tuple[str, ...]]:
    """Return UID, name and generation, which changes increase, of the objects outside of Kubernetes' own namespaces.

    Objects that an earlier test is still deleting are left out; with their namespace too, if `kinds` has namespaces.
    """
    found = [one["metadata"] for one in get(kinds, "--all-namespaces")["items"]]
    leaving = {one["name"] for one in found if "deletionTimestamp" in one}
    ours = [one for one in found if not one.get("namespace", one["name"]).startswith("kube-")]
    ours = [one for one in ours if not leaving & {one["name"], one.get("namespace")}]
    return {(one["uid"], one["name"], str(one.get("generation"))) for one in ours}


def istio_crds() -> list[str]:
    """Return the names of the CRDs of Istio's groups."""
    return [one["metadata"]["name"] for one in get("crds")["items"] if one["spec"]["group"].endswith("istio.io")]
