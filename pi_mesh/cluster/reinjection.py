"""The proxies that running pods would get if they were recreated now: istiod's webhook is asked, nothing is created.

A dry run of the API server would not do: a namespace whose quota is used up refuses it.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

from pi_mesh.cluster import istiods
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.json_patch import patched
from pi_mesh.cluster.objects import Webhook
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.cluster.port_forward import NotForwardedError, forwarded, post_json
from pi_mesh.cluster.proxy_difference import unequal
from pi_mesh.cluster.snapshot import Snapshot

PORT, PATH = 15017, "/inject"
TEMPLATES = {
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets/{}",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets/{}",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets/{}",
}
"""API paths of the controllers that can recreate pods, by kind."""
STATUS = "sidecar.istio.io/status"
"""Annotation in which istiod lists what it added to a pod."""

Differences = Mapping[str, tuple[str, ...]]
"""Differences between a pod's proxy and the one that it would get now, by NAMESPACE/NAME of the pod."""


def differences(client: Client, namespace: str, snapshot: Snapshot, pods: Sequence[Pod]) -> Differences:
    """Compare the proxies of pods with those that the istiods of `namespace` inject now, each into its own pods.

    A pod that would get no proxy is left out. Raises NotForwardedError if istiod gives no answer, and as `Client` does.
    """
    if not pods:
        return {}
    injectors = {f"{pod.namespace}/{pod.name}": istiods.injector(snapshot, namespace, pod) for pod in pods}
    with ExitStack() as stack, ThreadPoolExecutor(max_workers=5) as pool:
        ask = {
            name: stack.enter_context(_webhook(client.context, namespace, snapshot.webhooks, name))
            for name in dict.fromkeys(injectors.values())
        }
        lists = pool.map(lambda each: client.items(f"/api/v1/namespaces/{each}/pods"), {pod.namespace for pod in pods})
        live = {_id(item): item for items in lists for item in items}
        sources = {f"{pod.namespace}/{pod.name}": _source(pod) for pod in pods if f"{pod.namespace}/{pod.name}" in live}
        # All pods of a controller come from its one template, so one question is enough.
        first = {source: name for name, source in reversed(sources.items())}
        made = pool.map(lambda each: _fresh(client, ask[injectors[each[1]]], each[0], live[each[1]]), first.items())
        fresh = dict(zip(first, made, strict=True))
    compared = {name: (_proxy(live[name]["spec"]), fresh[source]) for name, source in sources.items()}
    return {name: tuple(unequal(old, new)) for name, (old, new) in compared.items() if old and new}


def _id(item: Mapping[str, Any]) -> str:
    return f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"


def _source(pod: Pod) -> str:
    """Return the path of the controller whose template made a pod; the pod's own name for any other controller."""
    kind, _, name = pod.owner.partition("/")
    return TEMPLATES[kind].format(pod.namespace, name) if kind in TEMPLATES else f"{pod.namespace}/{pod.name}"


@contextmanager
def _webhook(context: str, namespace: str, webhooks: Iterable[Webhook], istiod: str) -> Iterator[Any]:
    """Yield a function that asks the webhook of an istiod, given by name, for its changes to a pod."""
    service = f"{namespace}/{istiod}"
    bundles = [hook.ca_bundle for hook in webhooks if hook.kind == "Mutating" and hook.service == service]
    if not bundles or not bundles[0]:
        raise NotForwardedError(f"no webhook calls {service}, so nothing is injected; run `pulumi up --refresh`")
    ca, name = base64.b64decode(bundles[0]).decode(), f"{istiod}.{namespace}.svc"
    with forwarded(context, namespace, f"deployment/{istiod}", PORT) as address:
        yield lambda pod: post_json(address, PATH, _review(pod), name, ca)


def _fresh(client: Client, ask: Any, source: str, live: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the proxy that a pod from this source gets now; None if it gets none, or the controller does not exist."""
    pod = _of_template(client, source) if source.startswith("/") else _of_pod(live)
    if pod is None:
        return None
    answer = ask(pod)["response"]
    if not answer.get("allowed"):
        reason = (answer.get("status") or {}).get("message") or "it gave no reason"
        raise NotForwardedError(f"istiod refuses a pod like {_id(live)}: {reason}")
    operations = json.loads(base64.b64decode(answer["patch"])) if answer.get("patch") else ()
    return _proxy(patched(pod, operations)["spec"])


def _of_template(client: Client, path: str) -> dict[str, Any] | None:
    """Return a pod as a controller creates it, before injection."""
    found = client.get(path)
    if not found:
        return None
    template, meta = found["spec"]["template"], found["metadata"]
    reference = {"apiVersion": "apps/v1", "kind": found.get("kind", ""), "name": meta["name"], "uid": meta["uid"]}
    own = {
        "namespace": meta["namespace"],
        "generateName": f"{meta['name']}-",
        "ownerReferences": [{**reference, "controller": True}],
    }
    return {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template.get("metadata", {}), **own}}


def _of_pod(live: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod without what the injection added to it, by istiod's own annotation."""
    meta, spec = live["metadata"], live["spec"]
    annotations = dict(meta.get("annotations") or {})
    added = json.loads(annotations.pop(STATUS, None) or "{}")
    kept = {
        key: [entry for entry in spec.get(key) or [] if entry["name"] not in (added.get(key) or [])]
        for key in ("containers", "initContainers", "volumes")
    }
    own = {"name": meta["name"], "namespace": meta["namespace"], "labels": meta.get("labels") or {}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**own, "annotations": annotations},
        "spec": {**spec, **kept},
    }


def _review(pod: Mapping[str, Any]) -> dict[str, Any]:
    """Return the review as the API server sends it: kubernetes.io/docs/reference/access-authn-authz."""
    request = {
        "uid": "pi-mesh",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": pod["metadata"]["namespace"],
        "operation": "CREATE",
        "object": pod,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def _proxy(spec: Mapping[str, Any]) -> dict[str, Any] | None:
    every = [*spec.get("containers", []), *spec.get("initContainers", [])]
    return next((entry for entry in every if entry["name"] == SIDECAR), None)
