"""The mesh-wide mutual TLS mode."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.verify.input import Facts
from pi_mesh.values.objects import peer_authentication

ID = "mutual TLS"


def check(facts: Facts) -> Iterator[Finding]:
    wanted = peer_authentication(facts.settings)
    mode = facts.settings.mtls.mode
    pair = next((pair for pair in facts.evidence.pairs if pair.wanted == wanted), None)
    subject = (
        Subject(*pair.identity) if pair else Subject("PeerAuthentication", f"{facts.settings.istio.namespace}/default")
    )
    if pair is None or pair.live is None:
        yield error(ID, subject, f"is not there: the mesh is PERMISSIVE, not {mode}", "`pulumi up --refresh`")
        return
    live = pair.live.get("spec", {})
    found = live.get("mtls", {}).get("mode", "UNSET")
    if found != mode or live.get("selector"):
        yield error(ID, subject, f"says {found}, the settings say {mode}", "`pulumi up --refresh`")
    else:
        yield ok(ID, subject, f"{mode} for the whole mesh")
