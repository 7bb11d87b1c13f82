"""Images of istiod and the proxies come from hubs on the allowed list."""

from collections.abc import Iterator

from .resource import at, chart, release_values
from .rule import MANDATORY, Bounds, Resource, Rule, strings


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    if chart(resource) != "istiod":
        return
    hub = at(release_values(resource), "global.hub")
    if hub is None:
        yield "global.hub is not set, and the 1.30 charts' own goes away"
    elif hub not in bounds["hubs"]:
        yield f"global.hub is {hub}"


RULE = Rule(
    "image-hub",
    "istiod names an image hub of the allowed list",
    MANDATORY,
    "every sidecar's image comes from it; hubs of Istio at Google go away in December 2026",
    "set images.hub to an allowed hub, or add yours to the policy config after a review",
    schema={"hubs": strings(["docker.io/istio"], "Registry and organisation, as in images.hub.")},
    breaches=breaches,
)
