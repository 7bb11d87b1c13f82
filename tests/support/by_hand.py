"""Objects of the mesh that somebody changes with kubectl, and gives back as the program left them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.cluster.kubectl import get, kubectl
from pi_mesh.checks.verify.remedies import RELEASE_FIELDS


@contextmanager
def patched(kind: str, name: str, namespace: str, change: Callable[[dict], dict]) -> Iterator[None]:
    """Apply the merge patch that `change` returns for the object, and undo it at the end, with kubectl's ownership.

    A field that kubectl still owns is refused to the next `pulumi preview` that changes it.
    """
    before = get(kind, name, f"--namespace={namespace}")

    def patch(content: str) -> None:
        kubectl("patch", kind, name, f"--namespace={namespace}", "--type=merge", f"--patch={content}")

    patch(json.dumps(change(before)))
    try:
        yield
    finally:
        patch(json.dumps({key: before[key] for key in ("spec", "data") if key in before}))
        patch(RELEASE_FIELDS)
