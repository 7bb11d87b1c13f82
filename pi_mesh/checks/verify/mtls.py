"""The mesh-wide mutual TLS mode must be what the settings say."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.verify.input import VerificationInput

ID = "mutual TLS"


def check(seen: VerificationInput) -> Iterator[Finding]:
    (item,) = seen.mesh.objects_of("mesh-mtls")
    wanted = item.manifest
    mode = seen.settings.mtls.mode
    pair = next((pair for pair in seen.observed.pairs if pair.wanted == wanted), None)
    subject = Subject("PeerAuthentication", f"{seen.settings.istio.namespace}/{item.name}")
    if pair is None or pair.live is None:
        yield error(ID, subject, f"is not there: the mesh is PERMISSIVE, not {mode}", "`pulumi up --refresh`")
        return
    live = pair.live.get("spec", {})
    found = live.get("mtls", {}).get("mode", "UNSET")
    if found != mode or live.get("selector"):
        yield error(ID, subject, f"says {found}, the settings say {mode}", "`pulumi up --refresh`")
    else:
        yield ok(ID, subject, f"{mode} for the whole mesh")
