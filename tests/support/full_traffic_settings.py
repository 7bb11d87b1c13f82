"""Traffic settings with every feature, for Istio's schemas, istiod and running sidecars."""

AGENT, APP = "trading-agent-service", "trading-app-service"
SECRET, MQTT_SECRET = "trading-certificate", "mqtt-certificate"
BY_PROMETHEUS = {"principals": ["cluster.local/ns/istio-system/sa/prometheus"], "ports": [8888]}
AGENT_POLICY = {"selector": {"app": "trading-agent"}, "rules": [{"namespaces": ["argocd"]}, BY_PROMETHEUS]}
TO_APP = [{"service": APP, "port": 80}]
LIMITS = [{"requests": 9, "per": "1s", "burst": 20}, {"requests": 5, "per": "1m", "byHeader": "x-desk"}]
ORDERS = {
    "prefix": "/orders",
    "headers": {"x-desk": "fx"},
    "methods": ["GET", "HEAD"],
    "rewrite": "/",
    "to": TO_APP,
    "timeout": "5s",
    "retries": {"attempts": 2, "perTryTimeout": "2s", "retryOn": "5xx"},
}
KEPT = {"connectTimeout": "2s", "tcpKeepalive": {}, "httpIdleTimeout": "10m", "maxConnectionDuration": "12h"}
LOGIN = {"issuer": "https://login.example.org", "jwksUri": "https://login.example.org/jwks.json", "audiences": ["desk"]}
DESK = {
    "requestPrincipals": ["https://login.example.org/*"],
    "ipBlocks": ["10.1.0.0/16"],
    "remoteIpBlocks": ["192.0.2.0/24"],
    "when": [{"key": "request.auth.claims[groups]", "values": ["fx"], "notValues": ["guest"]}],
}
FIX_TLS = {"secret": "fix-client", "port": 9899, "serverName": "orders.broker.example"}


def route(gateway: str, host: str = "*", **rules: list) -> dict[str, object]:
    return {"hosts": [host], "gateways": [gateway], **rules}


TRAFFIC = {
    "services": {
        APP: {"ports": [80], "selector": {"app": "trading-app"}},
        AGENT: {"ports": [80], "selector": {"app": "trading-agent"}, "takesOrders": True},
    },
    "gateways": {
        "trading-gateway": {},
        "trading-secure": {"hosts": ["trading.example.org"], "tls": {"secret": SECRET, "redirect": True}},
        "trading-rpc": {"protocol": "GRPC", "port": 50051, "hosts": ["rpc.example.org"], "limits": LIMITS},
        "trading-feed": {"protocol": "TCP", "port": 9000},
        "trading-broker": {"protocol": "TLS", "port": 8443, "hosts": ["broker.example.org"]},
        "trading-mqtt": {
            "protocol": "TLS",
            "port": 8883,
            "hosts": ["mqtt.example.org"],
            "tls": {"secret": MQTT_SECRET},
        },
    },
    "routes": {
        "trading-app": route("trading-gateway", http=[ORDERS, {"to": TO_APP}]),
        "trading-secure": route("trading-secure", "trading.example.org", http=[{"exact": "/health", "to": TO_APP}]),
        "trading-feed": route("trading-feed", tcp=TO_APP),
        "trading-mqtt": route("trading-mqtt", "mqtt.example.org", tcp=TO_APP),
        "trading-broker": route("trading-broker", "broker.example.org", tls=TO_APP),
    },
    "canaries": {"trading-canary": {"service": AGENT, "paths": {"/api/v2": "v2"}}},
    "destinations": {
        "circuit-breaker": {
            "service": AGENT,
            "subsets": {"v1": {"version": "v1"}, "v2": {"version": "v2"}},
            "circuitBreaker": {"maxEjectionPercent": 50},
        },
        "held-connections": {
            "service": APP,
            "connections": {**KEPT, "http2MaxRequests": 1000},
            "sticky": {"sourceAddress": True},
        },
    },
    "authorization": {
        "defaultDeny": {"enabled": True},
        "policies": {
            "trading-agent-policy": AGENT_POLICY,
            "no-deletions": {
                "action": "DENY",
                "rules": [{"ports": [8080], "methods": ["DELETE"], "paths": ["/orders/*"]}],
            },
            "desks": {"selector": {"app": "desk"}, "rules": [DESK]},
        },
        "authorizers": {"oauth": {"service": APP, "port": 80, "headers": ["cookie"]}},
        "tokens": {"login": {**LOGIN, "selector": {"app": "desk"}, "forward": True}},
    },
    "legacy": {"legacy-service-permissive": {}},
    "external": {
        "broker": {"hosts": ["api.broker.example"], "throughGateway": True},
        "fix": {
            "hosts": ["fix.broker.example"],
            "protocol": "TCP",
            "port": 9898,
            "throughGateway": True,
            "tls": FIX_TLS,
        },
        "rates": {"hosts": ["rates.example"], "protocol": "HTTP", "throughGateway": True},
        "feed": {"hosts": ["feed.example"], "protocol": "TCP", "port": 9000},
        "news": {"hosts": ["*.news.example"]},
    },
}
