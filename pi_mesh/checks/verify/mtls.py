"""The mesh-wide mutual TLS mode."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, ok
from pi_mesh.checks.verify.input import Facts
from pi_mesh.values.objects import peer_authentication

NAME = "mutual TLS"


def check(facts: Facts) -> Iterator[Finding]:
    wanted = peer_authentication(facts.settings)
    mode = facts.settings.mtls.mode
    pair = next((pair for pair in facts.evidence.pairs if pair.wanted == wanted), None)
    where = pair.where if pair else "PeerAuthentication"
    if pair is None or pair.live is None:
        yield error(NAME, where, f"is not there: the mesh is PERMISSIVE, not {mode}", "`pulumi up --refresh`")
        return
    live = pair.live.get("spec", {})
    found = live.get("mtls", {}).get("mode", "UNSET")
    if found != mode or live.get("selector"):
        yield error(NAME, where, f"says {found}, the settings say {mode}", "`pulumi up --refresh`")
    else:
        yield ok(NAME, where, f"{mode} for the whole mesh")
