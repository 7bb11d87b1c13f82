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
CERTIFICATE, TEN = {"secret": "certificate"}, {"requests": 10, "per": "1m"}
TO_SHOP = [{"service": "shop", "port": 80}]
OF_TCP = {"heartbeat": "10s", "tcpKeepalive": {"interval": "5s"}, "tcpIdleTimeout": "10m", "connectTimeout": "2s"}
OF_HTTP = {"httpIdleTimeout": "20m", "http2MaxRequests": 500, "maxConcurrentStreams": 2}
AUTH = {"service": "auth", "port": 8080, "headers": ["x-key"], "timeout": "500ms", "upstreamHeaders": ["x-user"]}
OPA = {"service": "opa.example", "port": 9191, "protocol": "grpc", "failOpen": True}
ENGINE = {"hosts": ["fix.example"], "protocol": "TCP", "port": 9898, "throughGateway": True}
FURTHER = {
    "gateways": {
        "client-names": {"protocol": "HTTPS", "tls": {**CERTIFICATE, "mode": "MUTUAL", "clientNames": ["desk"]}},
        "limits": {"port": 8081, "limits": [{**TEN, "burst": 30}, {"requests": 500, "per": "1s"}]},
        "limits-of-each-kind": {
            "port": 8082,
            "hosts": ["shop.example", "*.shop.example"],
            "limits": [
                TEN,
                *({**TEN, **of} for of in ({"host": "shop.example"}, {"prefix": "/a"}, {"byAddress": True})),
            ],
            "tls": CERTIFICATE,
        },
        "addresses-in-another-namespace": {"port": 8083, "allowAddresses": ["192.0.2.7"], "namespace": "research"},
        "issued": {"hosts": ["a.example"], "tls": {"secret": "issued", "issuer": {"name": "home"}, "port": 8444}},
    },
    "routes": {
        "of-another-namespace": {**route("limits", http=[{"to": TO_SHOP}]), "namespace": "research"},
        "shared-by-weight": {"hosts": ["shop"], "tcp": [{**TO_SHOP[0], "weight": weight} for weight in (30, 70)]},
        "no-attempts": {"hosts": ["shop"], "http": [{"to": TO_SHOP, "retries": {"attempts": 0}}]},
    },
    "canaries": {"longer-paths-first": {"service": "shop", "paths": {"/api": "v1", "/api/v2": "v2"}}},
    "destinations": {
        "bounds": {"service": "shop", "circuitBreaker": {}, "connections": {**OF_TCP, **OF_HTTP}},
        "by-header": {"service": "shop", "sticky": {"header": "x-desk"}},
        "by-cookie": {"service": "shop", "sticky": {"cookie": {"name": "desk"}}},
        "by-cookie-for-a-time": {"service": "shop", "sticky": {"cookie": {"name": "desk", "ttl": "8h"}}},
    },
    "authorization": {
        "authorizers": {"oauth": AUTH, "opa": OPA},
        "policies": {
            "asks": {"action": "CUSTOM", "authorizer": "oauth", "rules": [{"paths": ["*"]}]},
            "of-another-namespace": {"namespace": "research", "rules": [{"namespaces": ["argocd"]}]},
        },
    },
    "legacy": {"of-another-namespace": {"namespace": "research"}},
    "external": {
        "as-it-is": ENGINE,
        "with-a-client-certificate": {**ENGINE, "hosts": ["a.example"], "tls": {"secret": "client"}},
        "by-public-cas": {**ENGINE, "hosts": ["b.example"], "protocol": "HTTP", "port": 80, "tls": {"mode": "SIMPLE"}},
        "ports": {"hosts": ["c.example"], "protocol": "TCP", "port": 1, "morePorts": [2], "addresses": ["10.1.2.3"]},
    },
}
"""Traffic settings of which each entry is named by what it adds; a recorded mesh has what they make."""
SHOP = [{"service": "shop"}]
RULES = {"exact": "/a", "prefix": "/a", "methods": ["GET", "PUT"], "headers": {"x-desk": "1"}, "timeout": "5s"}
REWRITTEN = {"everything": {}, "a-path": {"exact": "/a"}, "what-is-below": {"prefix": "/a"}}
REWRITE = {"rewrite": "/b", "methods": ["GET", "PUT"], "to": SHOP}
SHARES = {"shop.trading.svc.cluster.local": 50, "shop.research.svc.cluster.local": 30, "bank.example": 20}
METHODS = [{"exact": "/a.B/C", "to": SHOP}, {"prefix": "/a.B/", "to": SHOP}, {"to": SHOP}]
GATEWAY_API = {
    "api": "gateway",
    "services": {"shop": {"ports": [80]}, "orders": {"ports": [80], "takesOrders": True}},
    "gateways": {
        "web": {},
        "hosts": {"port": 8080, "hosts": ["a.example", "*.b.example"]},
        "rpc": {"protocol": "GRPC", "port": 50051},
        "feed": {"protocol": "TCP", "port": 9000, "namespace": "research"},
        "passed-on": {"protocol": "TLS", "hosts": ["c.example"]},
        "ended": {"protocol": "TLS", "port": 8883, "hosts": ["d.example", "e.example"], "tls": CERTIFICATE},
        "redirects": {"port": 8081, "hosts": ["f.example"], "tls": {**CERTIFICATE, "redirect": True, "port": 8443}},
        "mutual": {"protocol": "HTTPS", "port": 8444, "tls": {**CERTIFICATE, "mode": "MUTUAL"}},
    },
    "routes": {
        **{f"with-{key}": route("web", http=[{"to": SHOP, key: value}]) for key, value in RULES.items()},
        **{f"rewrites-{what}": route("web", http=[{**REWRITE, **rule}]) for what, rule in REWRITTEN.items()},
        "without-retries": route("hosts", "x.b.example", http=[{"to": [{"service": "orders"}]}]),
        "grpc": route("rpc", http=METHODS),
        "by-https-alone": route("redirects", http=[{"to": SHOP}]),
        "beyond-the-namespace": route(
            "web", http=[{"to": [{"service": host, "port": 80, "weight": share} for host, share in SHARES.items()]}]
        ),
        "of-the-second-server-name": route("ended", "e.example", tcp=SHOP),
        "by-server-name": route("passed-on", "c.example", tls=SHOP),
        "in-the-mesh": {"hosts": ["shop"], "http": [{"to": SHOP}]},
    },
    "destinations": {"has-no-kind-in-gateway-api": {"service": "shop", "circuitBreaker": {}}},
}
"""Listeners and routes as objects of Gateway API, each named by what it adds; a recorded mesh has what they make."""
