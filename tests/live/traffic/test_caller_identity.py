"""Callers that prove who they are by a token, and conditions on a request."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lab.calls import call, settled
from tests.live.traffic import cast

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


def status(*headers: str) -> int:
    return call(cast.CLIENT, cast.APPLICATION_URL, *headers).status


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
