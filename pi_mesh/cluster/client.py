"""A small client of the Kubernetes API: plain JSON over lightkube's connection and credentials.

lightkube's typed models would cost a preview more time than all the requests together.
"""

import json
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Self

import httpx2 as httpx
from lightkube.config import client_adapter
from lightkube.core.exceptions import ConfigError

from pi_mesh.cluster import kubeconfig
from pi_mesh.cluster.errors import ClusterUnreachable, Forbidden, NotConnected, Refused
from pi_mesh.names import PROJECT
from pi_mesh.words import first_line

CONNECT_SECONDS, READ_SECONDS = 3, 30
BUSY, ATTEMPTS, SHORT_PAUSE, LONGEST_PAUSE = {429, 503}, 4, 0.2, 5.0
"""Statuses of an overloaded API server, which says after how many seconds to retry, and bounds of the retries."""

PAGE = "500"
"""Objects in one answer, as kubectl requests them: 2,000 pods with sidecars are 30 MB of JSON, 300 MB in memory."""

METADATA_ONLY = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
"""Header that requests labels and annotations alone: CRDs and Helm's Secrets are megabytes otherwise."""


class Relayed(NamedTuple):
    """An answer that the API server passed on."""

    status: int
    text: str
    date: str = ""
    """Time of the answering server's clock, as in the header Date; empty without that header."""

    @property
    def reason(self) -> str:
        """Return the message of the API server; empty for an answer without one."""
        try:
            return str(json.loads(self.text)["message"])
        except (ValueError, KeyError, TypeError):
            return ""


class Client:
    """Requests to one cluster. Every method raises ClusterUnreachable with one line that says what to do."""

    def __init__(self, context: str) -> None:
        """Connect to a context. Raises WrongContext unless it is the kubeconfig's current context."""
        self.context = context
        config = kubeconfig.connection(context)
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        try:
            self._http = client_adapter.Client(config, client_adapter.ConnectionParams(timeout=timeout))
        except (ConfigError, OSError, ssl.SSLError, ValueError) as error:
            raise ClusterUnreachable(f"cluster.context '{context}': the kubeconfig is not usable: {error}") from None
        self._server = config.cluster.server
        self._date = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None, **parameters: str) -> Any:
        """Return the JSON at a path such as "/api/v1/nodes"; None if nothing is there. Raises Forbidden."""
        return self._send("GET", path, headers=headers, params=parameters)

    def items(self, path: str, headers: Mapping[str, str] | None = None, **parameters: str) -> list[dict]:
        """Return the items of a list; none if the cluster does not know the kind."""
        return list(self.each(path, headers, **parameters))

    def each(self, path: str, headers: Mapping[str, str] | None = None, **parameters: str) -> Iterator[dict]:
        """Yield the items of a list page by page; the next page is read once the caller has taken all of this one."""
        parameters["limit"] = PAGE
        while True:
            page = self.get(path, headers, **parameters) or {}
            yield from page.get("items") or []
            parameters["continue"] = page.get("metadata", {}).get("continue") or ""
            if not parameters["continue"]:
                return

    def ask(self, path: str, body: Mapping[str, object], method: str = "POST", **parameters: str) -> Any:
        """Send a request that changes nothing: an access review, or a dry run of a creation or, by a PUT, a change."""
        return self._send(method, path, json=body, params=parameters)

    def create(self, path: str, body: Mapping[str, object]) -> Any:
        """Create an object in the list at a path, and return it. Raises Refused with the API server's reason."""
        return self._send("POST", path, json=body)

    def patch(self, path: str, body: Mapping[str, object]) -> Any:
        """Merge `body` into the object at a path (RFC 7386), and return the object; None if it does not exist."""
        return self._send("PATCH", path, json=body, headers={"Content-Type": "application/merge-patch+json"})

    def patch_json(self, path: str, operations: Sequence[Mapping[str, object]]) -> None:
        """Change an object by a JSON patch (RFC 6902); an object that does not exist is skipped."""
        self._send("PATCH", path, headers={"Content-Type": "application/json-patch+json"}, json=operations)

    def apply(self, path: str, manifest: Mapping[str, object]) -> None:
        """Create an object, or set its fields as in the manifest whoever owns them (server-side apply)."""
        form, owner = {"Content-Type": "application/apply-patch+yaml"}, {"fieldManager": PROJECT, "force": "true"}
        self._send("PATCH", path, headers=form, params=owner, json=manifest)

    def delete(self, path: str) -> None:
        """Delete an object and, in the background, the objects that it owns; a missing object is skipped."""
        self._send("DELETE", path, params={"propagationPolicy": "Background"})

    def now(self) -> datetime:
        """Return the time of the API server's clock in its last answer; this machine's before the first one."""
        return parsedate_to_datetime(self._date) if self._date else datetime.now(UTC)

    def relay(self, path: str, seconds: float) -> Relayed:
        """Send one GET through a proxy path of the API server, and return the answer unchanged."""
        try:
            response = self._http.request("GET", path, timeout=seconds)
        except httpx.HTTPError as error:
            raise self._unreachable(str(error) or type(error).__name__) from None
        return Relayed(response.status_code, response.text, response.headers.get("Date", ""))

    def _send(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            response = self._patiently(method, path, **arguments)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._unreachable(str(error) or type(error).__name__, NotConnected) from None
        except (ConfigError, httpx.HTTPError) as error:
            raise self._unreachable(str(error) or type(error).__name__) from None
        except OSError as error:  # the kubeconfig may name a program that provides the credentials
            cause = f"the kubeconfig's program for credentials can't be run ({error.strerror}: {error.filename})"
            raise self._unreachable(cause) from None
        self._date = response.headers.get("Date", self._date)
        if response.status_code == 404:
            return None
        if response.status_code == 401:
            raise self._unreachable("the credentials are refused (401)")
        if response.status_code >= 400:
            raise self._refused(f"{method} {path}", response)
        try:
            return response.json()
        except ValueError:
            raise self._unreachable(f"{method} {path} was answered with no JSON, as by a proxy's login page") from None

    def _patiently(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        for _ in range(ATTEMPTS - 1):
            try:
                response = self._http.request(method, path, **arguments)
            except httpx.ConnectError:  # not a timeout: a starting server, or a handshake that broke off
                time.sleep(SHORT_PAUSE)
                continue
            if response.status_code not in BUSY:
                return response
            # A proxy may ask with a date in place of seconds (RFC 9110, 10.2.3).
            asked = response.headers.get("Retry-After", "")
            time.sleep(min(float(asked), LONGEST_PAUSE) if asked.isdecimal() else 1.0)
        return self._http.request(method, path, **arguments)

    def _refused(self, request: str, response: httpx.Response) -> Refused:
        reason = Relayed(response.status_code, response.text).reason or first_line(response.text)
        line = f"cluster '{self.context}' refused {request}: {response.status_code} {reason}"
        return (Forbidden if response.status_code == 403 else Refused)(line, reason)

    def _unreachable(self, cause: str, kind: type[ClusterUnreachable] = ClusterUnreachable) -> ClusterUnreachable:
        where = f"cluster '{self.context}' at {self._server}"
        return kind(f"{where} does not answer: {first_line(cause)}; try `kubectl get nodes`")


DEFAULTS_SUFFIX = "-defaults"
"""Suffix of the name of an object whose defaults are requested, because its own name is taken."""


class Discovery:
    """Discovery of the API's kinds, asked once for each group and version."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._kinds: dict[str, dict[str, dict]] = {}

    def fetch(self, manifest: dict, namespace: str) -> dict | None:
        """Return the live object of a manifest, by default in `namespace`; None if it or its kind does not exist."""
        path = self.path(manifest, namespace)
        return self._client.get(path) if path else None

    def path(self, manifest: Mapping, namespace: str) -> str | None:
        """Return the API path of a manifest's object; None if its kind does not exist."""
        collection = self._collection(manifest, namespace)
        return f"{collection}/{manifest['metadata']['name']}" if collection else None

    def defaulted(self, manifest: dict, namespace: str) -> dict | str:
        """Return the manifest with the API server's defaults, from a dry run that stores nothing; or a reason."""
        # The dry run creates an object: an apply to the live object would keep fields that others added to it.
        metadata = {**manifest["metadata"], "name": f"{manifest['metadata']['name']}{DEFAULTS_SUFFIX}"}
        body = _without_node_ports({**manifest, "metadata": metadata})
        collection = self._collection(manifest, namespace)
        try:
            made = self._client.ask(collection, body, dryRun="All") if collection else None
        except Refused as refused:
            return refused.reason
        return made or "its kind or namespace does not exist"

    def _collection(self, manifest: Mapping, namespace: str) -> str | None:
        kind = self._of(manifest["apiVersion"]).get(manifest["kind"])
        if kind is None:
            return None
        scope = f"namespaces/{manifest['metadata'].get('namespace', namespace)}/" if kind["namespaced"] else ""
        return f"{_root(manifest['apiVersion'])}/{scope}{kind['name']}"

    def lists(self, group: str, kinds: Iterable[str]) -> dict[str, str]:
        """Return the list path of each kind of a group in the newest version that serves it, without unknown kinds."""
        versions = (self._client.get(f"/apis/{group}") or {}).get("versions", [])
        missing, paths = set(kinds), {}
        for version in (entry["groupVersion"] for entry in versions):
            if missing:
                known = self._of(version)
                paths |= {kind: f"{_root(version)}/{known[kind]['name']}" for kind in missing & known.keys()}
                missing -= known.keys()
        return paths

    def _of(self, version: str) -> dict[str, dict]:
        if version not in self._kinds:
            resources = (self._client.get(_root(version)) or {}).get("resources", [])
            self._kinds[version] = {entry["kind"]: entry for entry in resources if "/" not in entry["name"]}
        return self._kinds[version]


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _without_node_ports(manifest: Mapping) -> dict:
    """Return the manifest without the node ports, which the live Service occupies."""
    if manifest["kind"] != "Service":
        return dict(manifest)
    ports = [{key: value for key, value in port.items() if key != "nodePort"} for port in manifest["spec"]["ports"]]
    return {**manifest, "spec": {**manifest["spec"], "ports": ports}}
