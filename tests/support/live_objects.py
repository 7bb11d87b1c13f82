"""The objects of the local cluster that stay, to be compared before and after something that may change nothing."""

from lab.cluster.kubectl import get


def identities(kinds: str) -> set[tuple[str, ...]]:
    """Return UID, name and generation, which changes increase, of the objects outside of Kubernetes' own namespaces.

    Objects that an earlier test is still deleting are left out; with their namespace too, if `kinds` has namespaces.
    """
    found = [one["metadata"] for one in get(kinds, "--all-namespaces")["items"]]
    leaving = {one["name"] for one in found if "deletionTimestamp" in one}
    ours = [one for one in found if not one.get("namespace", one["name"]).startswith("kube-")]
    ours = [one for one in ours if not leaving & {one["name"], one.get("namespace")}]
    return {(one["uid"], one["name"], str(one.get("generation"))) for one in ours}
