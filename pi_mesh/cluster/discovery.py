"""Where the API server keeps an object of any kind."""

from collections.abc import Iterable

from pi_mesh.cluster.client import Client


class Discovery:
    """Asks the API server once for each group and version."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._kinds: dict[str, dict[str, dict]] = {}

    def fetch(self, wanted: dict, namespace: str) -> dict | None:
        """The live object that a manifest names; None where there is none, or its kind is unknown.

        `namespace` counts for manifests that name none.
        """
        kind = self._of(wanted["apiVersion"]).get(wanted["kind"])
        if kind is None:
            return None
        meta = wanted["metadata"]
        scope = f"namespaces/{meta.get('namespace', namespace)}/" if kind["namespaced"] else ""
        return self._client.get(f"{_root(wanted['apiVersion'])}/{scope}{kind['name']}/{meta['name']}")

    def lists(self, group: str, kinds: Iterable[str]) -> dict[str, str]:
        """Return the path that lists each kind of a group in the newest version it is served in; unknown kinds lack."""
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
