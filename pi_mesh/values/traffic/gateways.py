"""Gateway objects: the listeners of the ingress gateway."""

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import GatewayTls, IngressListener
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import item_object


def gateway(settings: Settings, name: str, listener: IngressListener) -> Object:
    servers = [_http(listener)]
    if listener.tls:
        servers.append(_https(listener, listener.tls))
    spec = {"selector": gateway_selector(settings.releases.names.ingress), "servers": servers}
    return item_object(settings, listener, "Gateway", name, spec)


def gateway_selector(release: str) -> dict[str, str]:
    """Return the label that the gateway chart gives the pods of this release."""
    return {"istio": release.removeprefix("istio-")}


def _http(listener: IngressListener) -> Object:
    server = _server(listener.port, "http", "HTTP", listener)
    if listener.tls and listener.tls.redirect:
        server["tls"] = {"httpsRedirect": True}
    return server


def _https(listener: IngressListener, tls: GatewayTls) -> Object:
    server = _server(tls.port, "https", "HTTPS", listener)
    return {**server, "tls": {"mode": tls.mode, "credentialName": tls.secret}}


def _server(port: int, name: str, protocol: str, listener: IngressListener) -> Object:
    return {"port": {"number": port, "name": name, "protocol": protocol}, "hosts": list(listener.hosts)}
