"""The door: limits that are counted, clients known by the names in their certificates, and an authorizer outside."""

import json
import re
from pathlib import Path

import pytest

from lab.calls import REFUSED, call, settled, status, statuses
from lab.cluster.machines import CONTROL_PLANE
from lab.workloads import CONTROL
from tests.live.traffic import cast
from tests.live.traffic.cast import rules
from tests.live.traffic.outside import HOST, name_of, running, visit
from tests.support.authorities import make_ca, make_server
from tests.support.authorizer import COUNTS, DESK, ORDERS, USER
from tests.support.objects import present
from tests.support.project import Project

pytestmark = pytest.mark.usefixtures("workloads")

PORT, OUTSIDE = 9883, name_of(CONTROL_PLANE)
SERVER = ("tests.support.authorizer", CONTROL_PLANE.address, str(PORT))
EXTERNAL = {"counting": {"hosts": [OUTSIDE], "protocol": "HTTP", "port": PORT}}
APP = {"to": [{"service": "trading-app-service", "port": 80}]}
READY, SOME, MANY = "ready.example", 5, 10
LIMITS = [
    {"requests": 1000, "per": "1s", "host": READY},
    {"requests": MANY, "per": "1h", "prefix": ORDERS},
    {"requests": SOME, "per": "1h", "host": HOST, "byAddress": True},
]
SECRET, DESK_NAME = "doors-certificate", "desk.example"


def reads() -> dict[str, int]:
    """Return the requests that the server outside has read, by method and path."""
    return json.loads(call(cast.OUTSIDER, f"http://{CONTROL_PLANE.address}:{PORT}{COUNTS}").body)


def test_a_limit_serves_its_number_and_refuses_the_rest_and_each_order_arrives_once(figure):
    outside = [{"prefix": path, "to": [{"service": OUTSIDE, "port": PORT}]} for path in (ORDERS, COUNTS)]
    route = {"hosts": ["*"], "gateways": ["trading-gateway"], "http": [*outside, APP]}
    door = {"gateways": {"trading-gateway": {"limits": LIMITS}}, "routes": {"doors": route}, "external": EXTERNAL}
    with running(CONTROL_PLANE, *SERVER), rules(**door):
        assert settled(lambda: "x-ratelimit-limit: 1000" in visit("http2", host=READY).body.lower(), True)
        assert settled(lambda: status(cast.OUTSIDER, f"{cast.INGRESS_URL}{COUNTS}"), 200) == 200
        answers = [visit("http2") for _ in range(SOME + 2)]
        assert [answer.status for answer in answers] == [200] * SOME + [429] * 2
        told = dict(re.findall(r"(retry-after|x-ratelimit-\w+): (\d+)", answers[-1].body.lower()))
        assert 0 < int(told.pop("x-ratelimit-reset")) <= 720
        assert told == {"retry-after": "720", "x-ratelimit-limit": str(SOME), "x-ratelimit-remaining": "0"}
        assert call(cast.OUTSIDER, f"{cast.INGRESS_URL}/debug", f"Host: {HOST}").status == 200
        sent = statuses(cast.OUTSIDER, f"{cast.INGRESS_URL}{ORDERS}", MANY + 5, connections=1, payload="buy")
        assert (sent, reads()[f"POST {ORDERS}"]) == ({200: MANY, 429: 5}, MANY)
    figure(f"{SOME} of {SOME + 2} served to one client, and another client too; {MANY} of {MANY + 5} orders, each once")


@pytest.mark.long
def test_a_client_certificate_is_served_by_its_name_alone(mesh: Project, tmp_path: Path, figure):
    root = make_ca("clients' CA")
    server = make_server(HOST, signer=root)
    files = {"tls.crt": server.pem, "tls.key": server.key, "ca.crt": root.pem}
    metadata = {"name": SECRET, "namespace": CONTROL}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": files}
    (tmp_path / "root.pem").write_text(root.pem)

    def seen(*names: str) -> int:
        own, file = make_server(*names, signer=root), tmp_path / "client.pem"
        file.write_text(own.pem + own.key)
        return visit("https", roots=str(tmp_path / "root.pem"), client=str(file) if names else "").status

    tls = {"secret": SECRET, "mode": "MUTUAL", "clientNames": [DESK_NAME]}
    listener = {"protocol": "HTTPS", "hosts": [HOST], "tls": tls}
    route = {"hosts": [HOST], "gateways": ["doors"], "http": [APP]}
    changes = {"traffic.gateways": {"doors": listener}, "traffic.routes": {"doors": route}}
    with present([secret]), mesh.changed(changes):
        assert settled(lambda: seen(DESK_NAME), 200) == 200
        assert seen("other.example", DESK_NAME) == 200
        assert [seen("other.example"), seen(f"x.{DESK_NAME}"), seen()] == [REFUSED] * 3
    figure("200 with the name, alone or among others; a foreign name, one below it and no certificate: refused")


@pytest.mark.long
def test_an_authorizer_outside_decides_and_nobody_passes_while_it_is_away(mesh: Project, figure):
    asked = {"selector": cast.APP, "action": "CUSTOM", "authorizer": "desk", "rules": [{"paths": ["/debug"]}]}
    header, value = DESK
    user, name = USER
    desk = {"service": OUTSIDE, "port": PORT, "headers": [header], "upstreamHeaders": [user]}
    changes = {
        "traffic.external": EXTERNAL,
        "traffic.authorization.authorizers": {"desk": desk},
        "traffic.authorization.policies": {"asked": asked},
    }
    url, of_desk = f"{cast.APPLICATION_URL}/debug", f"{header}: {value}"
    with mesh.changed(changes):
        with running(CONTROL_PLANE, *SERVER):
            # Together, for one of Envoy's threads may still have the listener from before.
            answers = settled(lambda: (call(cast.CLIENT, url, of_desk).status, status(cast.CLIENT, url)), (200, 403))
            assert answers == (200, 403)
            assert re.search(rf"(?i){user}: {name}", call(cast.CLIENT, url, of_desk).body)
            assert status(cast.CLIENT, cast.APPLICATION_URL) == 200
            assert {"GET /debug", f"GET {COUNTS}"} >= reads().keys()
        assert settled(lambda: call(cast.CLIENT, url, of_desk).status, 403) == 403
    figure("the desk 200 with its user's name, others 403, another path unasked; without the authorizer 403")
