"""The wait for stopping pods, so that Kubernetes then deletes their namespace at its first look.

Its namespace controller looks 5 s after a deletion, once more 5 s later, and then pauses for half of the longest grace
period of the pods that it saw (pkg/controller/namespace/namespace_controller.go): with gateways that drain for 20 s, a
namespace that is deleted at once is gone after 26 s.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from pi_mesh.cluster.client import METADATA_ONLY, Client

FIRST_LOOK = 5.0
"""Seconds from a namespace's deletion until the controller first looks (namespaceDeletionGracePeriod)."""
MARGIN, PAUSE = 1.0, 0.5


def wait(client: Client, namespace: str, spare: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until the stopping pods are gone, or will be when the controller looks.

    `spare`: seconds of their grace period that pods have left when they have drained. It ends by itself: each pod has
    a last moment. A clock that differs from the API server's costs some seconds and nothing else.
    """
    while any(left > spare + FIRST_LOOK - MARGIN for left in _left(client, namespace)):
        sleep(PAUSE)


def _left(client: Client, namespace: str) -> Iterator[float]:
    """Yield the seconds of its grace period that each stopping pod has left."""
    for item in client.items(f"/api/v1/namespaces/{namespace}/pods", METADATA_ONLY):
        if last := item["metadata"].get("deletionTimestamp"):
            yield (datetime.fromisoformat(last) - datetime.now(UTC)).total_seconds()
