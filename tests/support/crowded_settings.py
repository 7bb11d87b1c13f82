"""Settings with as many services, routes and policies as a test wants; no check finds fault with them."""

from pi_mesh.settings import Settings
from tests.support.factories import make_settings

INGRESS = "cluster.local/ns/istio-system/sa/istio-ingressgateway"


def crowded_settings(count: int) -> Settings:
    """Return settings with `count` services behind the ingress gateway, each with a route and a policy of its own."""
    numbers = range(count)
    return make_settings(
        traffic={
            "services": {f"app-{number}": {"ports": [80], "selector": {"app": f"app-{number}"}} for number in numbers},
            "gateways": {"web": {}},
            "routes": {f"app-{number}": _route(number) for number in numbers},
            "authorization": {"policies": {f"app-{number}": _policy(number) for number in numbers}},
        }
    )


def _route(number: int) -> dict[str, object]:
    rule = {"to": [{"service": f"app-{number}", "port": 80}]}
    return {"hosts": [f"app-{number}.example.org"], "gateways": ["web"], "http": [rule]}


def _policy(number: int) -> dict[str, object]:
    return {"selector": {"app": f"app-{number}"}, "rules": [{"namespaces": ["argocd"]}, {"principals": [INGRESS]}]}
