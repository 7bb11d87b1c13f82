"""Ports that only a pod itself can reach, forwarded by `kubectl port-forward`."""

import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx2 as httpx

from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.words import first_line

SECONDS = 10
FIRST_ERROR = 2000
"""Largest number of characters of kubectl's errors that are read."""


class NotForwardedError(ClusterUnreachable):
    """The port cannot be reached; the message is the cause."""


class NoAnswerError(NotForwardedError):
    """The forwarded port gives no answer."""


@contextmanager
def forwarded(context: str, namespace: str, target: str, port: int) -> Iterator[str]:
    """Yield the local address of a port of `target`, such as deployment/istiod or pod/NAME. Raises NotForwardedError.

    The kubeconfig's user needs the right to create pods/portforward.
    """
    with forwarding(context, namespace, target, f":{port}") as (address, _):
        yield address


@contextmanager
def forwarding(context: str, namespace: str, target: str, ports: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Yield the local address, and kubectl's process; `ports` is [LOCAL]:REMOTE. Raises NotForwardedError.

    Whoever lets many connections through must read what kubectl prints about each, or it stops at a full pipe.
    """
    command = ["kubectl", "--context", context, "-n", namespace, "port-forward", target, ports]
    if shutil.which(command[0]) is None:
        raise NotForwardedError("the command kubectl is not on PATH: install it")
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, "--address=127.0.0.1"], stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            assert process.stderr
            if not (match := re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())):
                said = process.stderr.read(FIRST_ERROR).strip().splitlines()
                raise NotForwardedError(f"`{' '.join(command)}` failed: {said[-1] if said else 'it gave no reason'}")
            yield match[0], process
        finally:
            process.terminate()
            process.wait()


class Answer(NamedTuple):
    status: int
    from_behind: bool
    """True if a service behind the gateway gave it, and not the gateway itself."""


def get_answer(address: str, host: str, *, secure: bool) -> Answer:
    """Return the answer to a GET of `/` for a host; any certificate is taken. Raises NoAnswerError."""
    url, sni = f"{'https' if secure else 'http'}://{address}/", {"sni_hostname": host}
    with httpx.Client(verify=False, timeout=SECONDS, trust_env=False) as http:
        try:
            response = http.request("GET", url, headers={"Host": host}, extensions=sni)
        except httpx.HTTPError as problem:
            raise NoAnswerError(first_line(str(problem)) or type(problem).__name__) from None
    return Answer(response.status_code, "x-envoy-upstream-service-time" in response.headers)


def get_json(address: str, path: str) -> Any:
    """Return the JSON at a path of a forwarded port. Raises NotForwardedError."""
    with _answered("GET", f"http://{address}{path}") as response:
        return json.loads(response.read())


def get_text(address: str, path: str, most: int) -> str:
    """Return the text at a path of a forwarded port, or its first bytes, at least `most`. Raises NotForwardedError."""
    text = b""
    with _answered("GET", f"http://{address}{path}") as response:
        for part in response.iter_bytes():
            text += part
            if len(text) >= most:
                break
    return text.decode(errors="replace")


def post_json(address: str, path: str, body: Mapping[str, Any], name: str, ca: str) -> Any:
    """Return the JSON answer to a POST; the server must have a certificate for `name` from the CA `ca` (PEM)."""
    trusted = ssl.create_default_context(cadata=ca)
    # Python 3.13 demands more of a CA's certificate than Istio's own root has.
    trusted.verify_flags &= ~ssl.VERIFY_X509_STRICT
    named = {"sni_hostname": name}
    with _answered("POST", f"https://{address}{path}", trusted, json=body, extensions=named) as response:
        return json.loads(response.read())


@contextmanager
def _answered(
    method: str, url: str, trusted: ssl.SSLContext | bool = True, **arguments: Any
) -> Iterator[httpx.Response]:
    # Proxies in the environment are for other hosts.
    with httpx.Client(verify=trusted, timeout=SECONDS, trust_env=False) as http:
        try:
            with http.stream(method, url, **arguments) as response:
                response.raise_for_status()
                yield response
        except (httpx.HTTPError, json.JSONDecodeError) as problem:
            cause = first_line(str(problem)) or type(problem).__name__
            raise NotForwardedError(f"{method} {httpx.URL(url).path} failed: {cause}") from None
