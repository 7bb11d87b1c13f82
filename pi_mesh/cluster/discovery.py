"""Paths of objects of any kind in the API, and the API server's defaults for them."""

from collections.abc import Iterable, Mapping

from pi_mesh.cluster.client import Client, Refused

SUFFIX = "-defaults"
"""Suffix of the name of an object whose defaults are requested, because its own name is taken."""


class Discovery:
    """Discovery of the API's kinds, asked once for each group and version."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._kinds: dict[str, dict[str, dict]] = {}

    def fetch(self, wanted: dict, namespace: str) -> dict | None:
        """Return the live object of a manifest; None if the object or its kind does not exist.

        `namespace` applies to manifests without one.
        """
        path = self.path(wanted, namespace)
        return self._client.get(path) if path else None

    def path(self, wanted: Mapping, namespace: str) -> str | None:
        """Return the API path of a manifest's object; None if its kind does not exist."""
        collection = self._collection(wanted, namespace)
        return f"{collection}/{wanted['metadata']['name']}" if collection else None

    def defaulted(self, wanted: dict, namespace: str) -> dict | str:
        """Return the manifest with the API server's defaults, from a dry run that stores nothing; or a reason.

        The dry run creates an object: an apply to the live object would keep fields that others added to it.
        """
        metadata = {**wanted["metadata"], "name": f"{wanted['metadata']['name']}{SUFFIX}"}
        body = _without_node_ports({**wanted, "metadata": metadata})
        collection = self._collection(wanted, namespace)
        try:
            made = self._client.ask(collection, body, dryRun="All") if collection else None
        except Refused as refused:
            return refused.reason
        return made or "its kind or namespace does not exist"

    def _collection(self, wanted: Mapping, namespace: str) -> str | None:
        kind = self._of(wanted["apiVersion"]).get(wanted["kind"])
        if kind is None:
            return None
        scope = f"namespaces/{wanted['metadata'].get('namespace', namespace)}/" if kind["namespaced"] else ""
        return f"{_root(wanted['apiVersion'])}/{scope}{kind['name']}"

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
