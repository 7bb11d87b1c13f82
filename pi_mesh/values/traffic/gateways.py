"""Gateway objects: the listeners of the ingress gateway."""

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import IngressListener, Server
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import item_object


def gateway(settings: Settings, name: str, listener: IngressListener) -> Object:
    servers = [_server(server, listener) for server in listener.servers]
    spec = {"selector": gateway_selector(settings.releases.names.ingress), "servers": servers}
    return item_object(settings, listener, "Gateway", name, spec)


def gateway_selector(release: str) -> dict[str, str]:
    """Return the label that the gateway chart gives the pods of this release."""
    return {"istio": release.removeprefix("istio-")}


def _server(server: Server, listener: IngressListener) -> Object:
    port = {"number": server.number, "name": server.protocol.lower(), "protocol": server.protocol}
    tls = _tls(server, listener)
    return {"port": port, "hosts": list(listener.hosts), **({"tls": tls} if tls else {})}


def _tls(server: Server, listener: IngressListener) -> Object | None:
    tls = listener.tls
    if server.family == "TLS":
        return {"mode": tls.mode, "credentialName": tls.secret} if tls else {"mode": "PASSTHROUGH"}
    return {"httpsRedirect": True} if tls and tls.redirect else None
