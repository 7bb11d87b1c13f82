"""Callers that prove who they are by a token, and conditions on a request."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lab.calls import REFUSED, call, settled
from lab.cluster.machines import CONTROL_PLANE
from lab.workloads import SELF, TRADING
from tests.live.traffic import cast
from tests.live.traffic.outside import name_of, running
from tests.support.authorizer import KEYS
from tests.support.objects import present

pytestmark = pytest.mark.usefixtures("workloads")

ISSUER = "https://login.example"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def number(value: int) -> str:
    return text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def token(*groups: str, issuer: str = ISSUER, lives: float = 600) -> str:
    """Return the header with a token of the issuer, signed with `KEY` (RFC 7519)."""
    claims = {"iss": issuer, "sub": "ann", "groups": groups, "exp": int(time.time() + lives)}
    parts = [text(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "test"}, claims)]
    signature = KEY.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"Authorization: Bearer {'.'.join([*parts, text(signature)])}"


def public_keys() -> str:
    numbers = KEY.public_key().public_numbers()
    key = {"kty": "RSA", "alg": "RS256", "kid": "test", "n": number(numbers.n), "e": number(numbers.e)}
    return json.dumps({"keys": [key]})


def status(*headers: str, url: str = cast.APPLICATION_URL) -> int:
    return call(cast.CLIENT, url, *headers).status


def test_a_token_is_needed_and_its_claims_and_a_header_decide(figure):
    desk = {"requestPrincipals": [f"{ISSUER}/*"], "when": [{"key": "request.auth.claims[groups]", "values": ["desk"]}]}
    drill = {"when": [{"key": "request.headers[x-drill]", "values": ["yes"]}]}
    access = {
        "tokens": {"login": {"issuer": ISSUER, "jwks": public_keys(), "selector": cast.APP}},
        "policies": {"desk": {"selector": cast.APP, "rules": [desk, drill]}},
    }
    with cast.rules(authorization=access):
        assert settled(status, 403) == 403
        # Together, for one of Envoy's threads may still have the listener from before.
        assert settled(lambda: [status(token("desk")), status(token("guests"))], [200, 403]) == [200, 403]
        assert status(token("desk", lives=-600)) == 401
        assert status(token("desk", issuer="https://elsewhere.example")) == 401
        assert status("X-Drill: yes") == 200
    figure("desk 200, guests 403, expired and foreign 401; without a token 403, with the header of `when` 200")


def test_keys_by_their_address_admit_where_workloads_reach_declared_hosts_alone(figure):
    port, own = 9884, {"selector": cast.APP}
    closed = {
        **{"apiVersion": "networking.istio.io/v1", "kind": "Sidecar"},
        "metadata": {"name": "client-of-known-hosts", "namespace": TRADING},
        "spec": {
            "workloadSelector": {"labels": {SELF: cast.CLIENT.name}},
            "egress": [{"hosts": ["*/*"]}],
            "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"},
        },
    }
    address = f"http://{name_of(CONTROL_PLANE)}:{port}{KEYS}"
    access = {
        "tokens": {"login": {"issuer": ISSUER, "jwksUri": address, **own}},
        "policies": {"desk": {**own, "rules": [{"requestPrincipals": [f"{ISSUER}/*"]}]}},
    }
    server = ("tests.support.authorizer", CONTROL_PLANE.address, str(port), public_keys())
    with running(CONTROL_PLANE, *server), cast.rules(authorization=access):
        assert status(url=address) == 200
        with present([closed]):
            assert settled(lambda: status(url=address), REFUSED) == REFUSED
            assert settled(lambda: [status(token()), status()], [200, 403]) == [200, 403]
            assert status(token(issuer="https://elsewhere.example")) == 401
    figure("200 with a token whose keys istiod fetched from a host that no workload reaches; none 403, foreign 401")
