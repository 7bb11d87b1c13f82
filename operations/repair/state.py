"""Pulumi's state after a killed run, and its repair: pure functions over `pulumi stack export`."""

from collections.abc import Collection, Iterator

RELEASE = "kubernetes:helm.sh/v3:Release"
INTERRUPTED = "interrupted; Helm must go over it again"


def pending(state: dict) -> list[str]:
    """Return the operations under way when the run was killed, such as "creating istiod-release"."""
    return [f"{entry['type']} {_name(entry['resource'])}" for entry in _operations(state)]


def repaired(state: dict, deployed: Collection[str], failed: Collection[str]) -> dict:
    """Return the state without pending operations.

    `deployed`: releases, as NAMESPACE/NAME, that the cluster has finished: those that the state does not know yet are
    added, because Helm would refuse to install them again. `failed`: releases whose resource needs another update.
    """
    deployment = state["deployment"]
    resources = [_marked(entry, failed) for entry in deployment.get("resources", [])]
    known = {entry["urn"] for entry in resources}
    finished = [entry for entry in _created_releases(state) if entry["urn"] not in known]
    resources += [_adopted(entry) for entry in finished if release_id(entry) in deployed]
    return {**state, "deployment": {**deployment, "resources": resources, "pending_operations": []}}


def interrupted(state: dict) -> set[str]:
    """Return the releases, as NAMESPACE/NAME, of the operations under way."""
    return {release_id(entry["resource"]) for entry in _operations(state) if entry["resource"]["type"] == RELEASE}


def content(state: dict) -> tuple[list, list]:
    """Return a comparable content of a state: secrets are encrypted differently in every export."""
    resources = (state["deployment"] or {}).get("resources") or []
    return [(entry["urn"], entry.get("id"), entry.get("modified")) for entry in resources], pending(state)


def releases(state: dict) -> set[str]:
    """Return the releases that the state knows, as NAMESPACE/NAME."""
    return {entry["id"] for entry in state["deployment"].get("resources", []) if entry["type"] == RELEASE}


def unaware(state: dict, failed: Collection[str]) -> list[str]:
    """Return the failed releases, as NAMESPACE/NAME, that the state takes for successful.

    A refresh forgets failures.
    """
    resources = state["deployment"].get("resources", [])
    return [entry["id"] for entry in resources if _is_one_of(entry, failed) and not entry.get("initErrors")]


def release_id(resource: dict) -> str:
    """Return the provider's id of a release: NAMESPACE/NAME."""
    return f"{resource['inputs']['namespace']}/{resource['inputs']['name']}"


def _operations(state: dict) -> list[dict]:
    return (state["deployment"] or {}).get("pending_operations") or []


def _created_releases(state: dict) -> Iterator[dict]:
    for entry in _operations(state):
        if entry["type"] == "creating" and entry["resource"]["type"] == RELEASE:
            yield entry["resource"]


def _adopted(resource: dict) -> dict:
    """Return a release as if its creation had failed half-way: the next `up` updates it, whatever its inputs."""
    return {**resource, "id": release_id(resource), "outputs": resource["inputs"], "initErrors": [INTERRUPTED]}


def _marked(resource: dict, failed: Collection[str]) -> dict:
    return {**resource, "initErrors": [INTERRUPTED]} if _is_one_of(resource, failed) else resource


def _is_one_of(resource: dict, releases: Collection[str]) -> bool:
    return resource["type"] == RELEASE and resource.get("id") in releases


def _name(resource: dict) -> str:
    return resource["urn"].rpartition("::")[2]
