"""Traffic settings with every feature, for Istio's schemas, istiod and running sidecars."""

AGENT, APP = "trading-agent-service", "trading-app-service"
SECRET, MQTT_SECRET = "trading-certificate", "mqtt-certificate"
AGENT_POLICY = {
    "selector": {"app": "trading-agent"},
    "rules": [
        {"namespaces": ["argocd"]},
        {"principals": ["cluster.local/ns/istio-system/sa/prometheus"], "ports": [8888]},
    ],
}

TRAFFIC = {
    "services": {
        APP: {"ports": [80], "selector": {"app": "trading-app"}},
        AGENT: {"ports": [80], "selector": {"app": "trading-agent"}, "takesOrders": True},
    },
    "gateways": {
        "trading-gateway": {},
        "trading-secure": {"hosts": ["trading.example.org"], "tls": {"secret": SECRET, "redirect": True}},
        "trading-rpc": {
            "protocol": "GRPC",
            "port": 50051,
            "hosts": ["rpc.example.org"],
            "limits": [{"requests": 9, "per": "1s", "burst": 20}, {"requests": 5, "per": "1m", "byHeader": "x-desk"}],
        },
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
        "trading-app": {
            "hosts": ["*"],
            "gateways": ["trading-gateway"],
            "http": [
                {
                    "prefix": "/orders",
                    "headers": {"x-desk": "fx"},
                    "methods": ["GET", "HEAD"],
                    "rewrite": "/",
                    "to": [{"service": APP, "port": 80}],
                    "timeout": "5s",
                    "retries": {"attempts": 2, "perTryTimeout": "2s", "retryOn": "5xx"},
                },
                {"to": [{"service": APP, "port": 80}]},
            ],
        },
        "trading-secure": {
            "hosts": ["trading.example.org"],
            "gateways": ["trading-secure"],
            "http": [{"exact": "/health", "to": [{"service": APP, "port": 80}]}],
        },
        "trading-feed": {"hosts": ["*"], "gateways": ["trading-feed"], "tcp": [{"service": APP, "port": 80}]},
        "trading-mqtt": {
            "hosts": ["mqtt.example.org"],
            "gateways": ["trading-mqtt"],
            "tcp": [{"service": APP, "port": 80}],
        },
        "trading-broker": {
            "hosts": ["broker.example.org"],
            "gateways": ["trading-broker"],
            "tls": [{"service": APP, "port": 80}],
        },
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
            "connections": {
                "connectTimeout": "2s",
                "tcpKeepalive": {},
                "httpIdleTimeout": "10m",
                "maxConnectionDuration": "12h",
                "http2MaxRequests": 1000,
            },
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
            "desks": {
                "selector": {"app": "desk"},
                "rules": [
                    {
                        "requestPrincipals": ["https://login.example.org/*"],
                        "ipBlocks": ["10.1.0.0/16"],
                        "remoteIpBlocks": ["192.0.2.0/24"],
                        "when": [{"key": "request.auth.claims[groups]", "values": ["fx"], "notValues": ["guest"]}],
                    }
                ],
            },
        },
        "authorizers": {"oauth": {"service": APP, "port": 80, "headers": ["cookie"]}},
        "tokens": {
            "login": {
                "issuer": "https://login.example.org",
                "selector": {"app": "desk"},
                "jwksUri": "https://login.example.org/jwks.json",
                "audiences": ["desk"],
                "forward": True,
            }
        },
    },
    "legacy": {"legacy-service-permissive": {}},
    "external": {
        "broker": {"hosts": ["api.broker.example"], "throughGateway": True},
        "fix": {
            "hosts": ["fix.broker.example"],
            "protocol": "TCP",
            "port": 9898,
            "throughGateway": True,
            "tls": {"secret": "fix-client", "port": 9899, "serverName": "orders.broker.example"},
        },
        "rates": {"hosts": ["rates.example"], "protocol": "HTTP", "throughGateway": True},
        "feed": {"hosts": ["feed.example"], "protocol": "TCP", "port": 9000},
        "news": {"hosts": ["*.news.example"]},
    },
}
