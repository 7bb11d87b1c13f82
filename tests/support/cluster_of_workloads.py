"""A cluster with workloads whose proxies are stale, for the tests of `refresh`."""

from collections.abc import Callable
from typing import Any

from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.proxies import Proxies, Proxy
from tests.support.fake_client import FakeClient
from tests.support.versions import BEFORE, NEWEST

NAMESPACE = "trading"


def pod(name: str, owner: str, **annotations: str) -> Pod:
    image = Container("istio-proxy", image=f"istio/proxyv2:{BEFORE}")
    return Pod(NAMESPACE, name, owner=owner, containers=(image,), annotations=annotations)


class Cluster(FakeClient):
    """Deployments of one pod each; a patch rolls out at once, or as a test decides."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.pods = {name: pod(f"{name}-1", f"ReplicaSet/{name}-rs") for name in names}
        self.older = dict.fromkeys(names, True)
        self.comes_up: Callable[[str], bool] = lambda _: True
        self.connected: Callable[[], bool] = lambda: True
        self.rolled_out = dict.fromkeys(names, True)
        self.spec: dict[str, Any] = {}
        self.conditions: list[dict] = []
        """Further fields of the spec, and the conditions, of each Deployment."""
        for name in names:
            owner = {"kind": "Deployment", "name": name, "controller": True}
            self.answers[f"/apis/apps/v1/namespaces/{NAMESPACE}/replicasets/{name}-rs"] = {
                "metadata": {"ownerReferences": [owner]}
            }
            self.answers[self.path(name)] = lambda name=name: self._deployment(name)

    @staticmethod
    def path(name: str) -> str:
        return f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}"

    def patch(self, path: str, body: Any) -> Any:
        super().patch(path, body)
        name = path.rpartition("/")[2]
        self.rolled_out[name] = self.comes_up(name)
        self.older[name] = not self.rolled_out[name]
        return body

    def read(self) -> tuple[Proxies, dict[str, tuple[str, ...]]]:
        """Return the proxies, and how each one is stale."""
        proxies = tuple(Proxy(each, BEFORE, connected=self.connected()) for each in self.pods.values())
        older = {each.id: ("concurrency 1, now 2",) for each in proxies if self.older.get(each.pod.name[:-2], True)}
        return Proxies(NEWEST, proxies), older

    @property
    def restarted(self) -> list[str]:
        """Return the restarted workloads in order."""
        return [path.rpartition("/")[2] for verb, path in self.wrote if verb == "patch"]

    def _deployment(self, name: str) -> dict[str, Any]:
        ready = int(self.rolled_out[name])
        counts = {"observedGeneration": 1, "updatedReplicas": 1, "availableReplicas": ready, "replicas": 1}
        spec = {"replicas": 1, "template": {"metadata": {"labels": {"app": name}}}, **self.spec}
        return {"metadata": {"generation": 1}, "spec": spec, "status": {**counts, "conditions": self.conditions}}
