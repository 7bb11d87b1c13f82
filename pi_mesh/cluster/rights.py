"""Which rights an install needs, and which of them we lack."""

from collections.abc import Callable

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
NEEDED = (
    ("", "namespaces"),
    ("", "secrets"),
    ("", "services"),
    ("apps", "deployments"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    ("security.istio.io", "peerauthentications"),
)
"""API group and resource of what the charts and the program create."""

Ask = Callable[[str, dict], dict]


def missing(ask: Ask) -> tuple[str, ...]:
    """The resources, as RESOURCE.GROUP, that we may not create; asked of the API server's own authorizers."""
    if _allowed(ask, "*", "*", "*"):
        return ()
    lacking = [(group, resource) for group, resource in NEEDED if not _allowed(ask, "create", group, resource)]
    return tuple(f"{resource}.{group}".rstrip(".") for group, resource in lacking)


def _allowed(ask: Ask, verb: str, group: str, resource: str) -> bool:
    attributes = {"verb": verb, "group": group, "resource": resource}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    answer = ask(REVIEWS, {**review, "spec": {"resourceAttributes": attributes}})
    return answer["status"]["allowed"]
