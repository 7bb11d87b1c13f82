"""Stale proxies: older than their control plane, or other than those that pods would get if they were recreated now.

For the latter istiod's webhook is asked, and nothing is created. A dry run of the API server would not do: a namespace
whose quota is used up refuses it.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import Any

from pi_mesh.catalog.istio import minor_of
from pi_mesh.cluster import istiods
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.objects import Webhook
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.cluster.port_forward import NotForwardedError, forwarded, post_json
from pi_mesh.cluster.proxies import Proxies, Proxy
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.workloads import TEMPLATES
from pi_mesh.names import ISTIOD_WEBHOOKS
from pi_mesh.quantities import Resources

PATH = "/inject"
STATUS = "sidecar.istio.io/status"
"""Annotation in which istiod lists what it added to a pod."""

Older = Mapping[str, tuple[str, ...]]
"""Differences between a pod's proxy and the one that it would get now, by NAMESPACE/NAME of the pod."""


def read(context: str, namespace: str, snapshot: Snapshot, running: Proxies) -> Older:
    """Ask istiod what it would inject now. Raises as `proxy_differences` does."""
    with Client(context) as client:
        compared = proxy_differences(client, namespace, snapshot, [proxy.pod for proxy in running.proxies])
    return older_proxies(running, compared)


def older_proxies(running: Proxies, compared: Older) -> Older:
    """Return the differences; for a proxy that could not be compared, its version if it is not the control plane's."""
    return {proxy.id: compared.get(proxy.id) or _version(proxy, running) for proxy in running.proxies}


def _version(proxy: Proxy, running: Proxies) -> tuple[str, ...]:
    control_plane = running.version_above(proxy)
    if not proxy.version or not control_plane or proxy.version == control_plane:
        return ()
    return (f"version {proxy.version}, istiod has {control_plane}",)


def minors_behind(version: str, control_plane: str) -> int | None:
    """Return by how many minor versions a proxy is older than its control plane; None if one version is not known."""
    try:
        return minor_of(control_plane) - minor_of(version)
    except (IndexError, ValueError):
        return None


def proxy_differences(client: Client, namespace: str, snapshot: Snapshot, pods: Sequence[Pod]) -> Older:
    """Compare the proxies of pods with those that the istiods of `namespace` inject now, each into its own pods.

    A pod that would get no proxy is left out. Raises NotForwardedError if istiod gives no answer, and as `Client` does.
    """
    if not pods:
        return {}
    injectors = {pod.id: istiods.injector(snapshot, namespace, pod) for pod in pods}
    with ExitStack() as stack, ThreadPoolExecutor(max_workers=5) as pool:
        ask = {
            name: stack.enter_context(_webhook(client.context, namespace, snapshot.webhooks, name))
            for name in dict.fromkeys(injectors.values())
        }
        lists = pool.map(lambda each: client.items(f"/api/v1/namespaces/{each}/pods"), {pod.namespace for pod in pods})
        live = {_id(item): item for items in lists for item in items}
        sources = {pod.id: _source(pod) for pod in pods if pod.id in live}
        # All pods of a controller come from its one template, so one question is enough.
        first = {source: name for name, source in reversed(sources.items())}
        made = pool.map(lambda each: _fresh(client, ask[injectors[each[1]]], each[0], live[each[1]]), first.items())
        fresh = dict(zip(first, made, strict=True))
    compared = {name: (_proxy(live[name]["spec"]), fresh[source]) for name, source in sources.items()}
    return {name: tuple(container_differences(old, new)) for name, (old, new) in compared.items() if old and new}


def _id(item: Mapping[str, Any]) -> str:
    return f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"


def _source(pod: Pod) -> str:
    """Return the path of the controller whose template made a pod; the pod's own name for any other controller."""
    kind, _, name = pod.owner.partition("/")
    return TEMPLATES[kind].format(pod.namespace, name) if kind in TEMPLATES else pod.id


@contextmanager
def _webhook(context: str, namespace: str, webhooks: Iterable[Webhook], istiod: str) -> Iterator[Any]:
    """Yield a function that asks the webhook of an istiod, given by name, for its changes to a pod."""
    service = f"{namespace}/{istiod}"
    bundles = [hook.ca_bundle for hook in webhooks if hook.kind == "Mutating" and hook.service == service]
    if not bundles or not bundles[0]:
        raise NotForwardedError(f"no webhook calls {service}, so nothing is injected; run `pulumi up --refresh`")
    ca, name = base64.b64decode(bundles[0]).decode(), f"{istiod}.{namespace}.svc"
    with forwarded(context, namespace, f"deployment/{istiod}", ISTIOD_WEBHOOKS) as address:
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
    controller = client.get(path)
    if not controller:
        return None
    template, meta = controller["spec"]["template"], controller["metadata"]
    reference = {"apiVersion": "apps/v1", "kind": controller.get("kind", ""), "name": meta["name"], "uid": meta["uid"]}
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
    metadata = {**own, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**spec, **kept}}


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


SHOWN = ("concurrency", "drainDuration", "terminationDrainDuration", "SECRET_TTL")
"""Settings whose values are shown; any other value may be a password."""
HOLD = "holdApplicationUntilProxyStarts"
"""Setting that reaches a proxy as a lifecycle hook, and neither a native sidecar nor a gateway."""
OF_THE_POD = "ISTIO_"
"""Prefix of variables that istiod derives from the pod itself."""


def container_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield the differences between the container of an older proxy and that of a new one, each in words."""
    if old.get("image") != new.get("image"):
        yield f"image {old.get('image')}, now {new.get('image')}"
    for half in ("requests", "limits"):
        was, now = (Resources.from_kubernetes((side.get("resources") or {}).get(half)) for side in (old, new))
        if was != now:
            yield f"{half} {was}, now {now}"
    if old.get("args") != new.get("args"):
        yield "arguments"
    if old.get("lifecycle") != new.get("lifecycle"):
        yield HOLD
    was, now = _settings(old), _settings(new)
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            yield f"{key} {was.get(key, 'unset')}, now {now.get(key, 'unset')}" if key in SHOWN else key


def _settings(proxy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that settings give, with the proxy configuration's fields in place of its JSON text."""
    given = {entry["name"]: entry["value"] for entry in proxy.get("env", []) if "value" in entry}
    config = json.loads(given.pop("PROXY_CONFIG", None) or "{}")
    own = {name: value for name, value in given.items() if not name.startswith(OF_THE_POD)}
    # The variables of proxyMetadata are in the environment too.
    return {**own, **{key: value for key, value in config.items() if key not in ("proxyMetadata", HOLD)}}


def patched(document: Any, operations: Iterable[Mapping[str, Any]]) -> Any:
    """Return the document after the operations `add`, `replace` and `remove`; webhooks send no others."""
    result = deepcopy(document)
    for operation in operations:
        *path, last = (part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:])
        place = result
        for part in path:
            place = place[int(part)] if isinstance(place, list) else place[part]
        key = last if isinstance(place, dict) else len(place) if last == "-" else int(last)
        match operation["op"]:
            case "add" if isinstance(place, list):
                place.insert(key, operation["value"])
            case "add" | "replace":
                place[key] = operation["value"]
            case "remove":
                del place[key]
            case verb:
                raise ValueError(f"the JSON patch has the operation {verb}, which is not known here")
    return result
