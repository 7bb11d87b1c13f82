"""The renewal of the mesh's CA under its root, and the proof by certificates of istiod from before and after it."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from operations import pulumi, stacks
from operations.command_line import Consent
from operations.failures import ProblemError, UsageError
from operations.istiod_certificates import IssuedCertificate, NoCertificate, issuer
from operations.pulumi import PulumiFailed
from operations.rotate_ca.root import change_root, refusal
from operations.rotate_ca.target import RootOptions
from pi_mesh.catalog.cert_manager import CERTIFICATE
from pi_mesh.certificates import pem
from pi_mesh.checks.finding import Finding, Subject, error, errors, ok
from pi_mesh.checks.preflight.trading_hours import refused_restart
from pi_mesh.cluster import mesh_ca
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.settings import CaSettings, Settings
from pi_mesh.settings.vault import VaultSettings
from pi_mesh.waiting import until

AUTHORITY, PAUSE = "certificate authority", 1.0


def renew_certificate(settings: Settings, wait: int) -> Finding:
    """Have the CA signed again, wait for it, and return the finding. Raises as `Client` does."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    subject = Subject("Certificate", f"{namespace}/{CERTIFICATE}")
    before = mesh_ca.renew_certificate(context, namespace)

    def is_renewed() -> bool:
        is_newer = mesh_ca.certificate_revision(context, namespace) > before
        return is_newer and mesh_ca.is_certificate_signed(context, namespace)

    if until(is_renewed, wait, PAUSE):
        return ok(AUTHORITY, subject, "has a new key, and the Issuer has signed it")
    look = f"`kubectl describe certificate -n {namespace} {CERTIFICATE}`"
    return error(AUTHORITY, subject, f"was not signed within {wait} s; istiod goes on with its present CA", look)


PENDING = "pending changes"
OF_THE_CA = re.compile(r"(::|\$)(pi-mesh:vault:|pulumi:providers:vault)")
"""Types of the resources that a rotation changes: this program's Vault components and their content, the provider."""


def changes_besides_the_ca(stack: str, vault: VaultSettings, judged: bool) -> Iterator[Finding]:
    """Yield an error for each stack in which an `up` would change anything besides the CA."""
    for name in (stack, vault.stack) if vault.enabled and vault.stack else (stack,):
        try:
            pending = pulumi.pending(name, judged)
        except PulumiFailed as problem:
            yield problem.finding
            return
        # URNs are urn:pulumi:STACK::PROJECT::PARENT_TYPE$TYPE::NAME.
        others = {urn: operation for urn, operation in pending.items() if not OF_THE_CA.search(urn)}
        if changes := [f"{operation} {urn.rpartition('::')[2]}" for urn, operation in others.items()]:
            message = f"has changes besides the CA that are not applied yet: {', '.join(changes)}; nothing was rotated"
            fix = f"apply them with `pulumi up -s {name}`, or revert them, then run rotate-ca again"
            yield error(PENDING, Subject("stack", name), message, fix, number=len(changes))


ID = "pulumi up"


def rotate(
    stack: str, options: RootOptions, judged: bool, wait: int, consent: Consent, *, change_of_root: bool
) -> list[Finding]:
    """Rotate the CA under its root, or change its root. Raises UsageError, ProblemError, and as `Client` does."""
    settings = stacks.load_any(stack)
    vault = settings.vault
    if not consent.dry_run and isinstance(settings, Settings):
        what = "rotate-ca exchanges the CA that signs every certificate"
        for finding in errors(refused_restart(settings.trading.hours, what, datetime.now(UTC))):
            raise ProblemError(finding)
    if change_of_root:
        if isinstance(settings, CaSettings):
            raise UsageError(stack, "it makes the CA and nothing else", "name the mesh's stack with --root")
        return change_root(
            stack, settings, options, lambda: [*changes_besides_the_ca(stack, vault, judged)], judged, wait, consent
        )
    _require_rotatable(settings, stack, options)
    if findings := [*changes_besides_the_ca(stack, vault, judged)]:
        return findings
    step = "the CA gets a new key and certificate under its root; no pod restarts"
    if refused := refusal(consent, stack, AUTHORITY, [step]):
        return refused
    if isinstance(settings, CaSettings):
        return _renewed(stack, vault, judged)
    if settings.ca.source == "issuer":
        return with_proof(settings, lambda: _with_up(renew_certificate(settings, wait), stack, judged), wait)
    return with_proof(settings, lambda: _renewed(stack, vault, judged), wait)


def _renewed(stack: str, vault: VaultSettings, judged: bool) -> list[Finding]:
    """Renew the CA's stack, then the mesh's stack if that is another, but only after the CA's renewal succeeded."""
    if vault.here:
        return [_next_generation(stack, vault.generation, judged)]
    ca_stack = str(vault.stack)
    renewed = _next_generation(ca_stack, stacks.load_any(ca_stack).vault.generation, judged)
    return _with_up(renewed, stack, judged)


def _with_up(renewed: Finding, stack: str, judged: bool) -> list[Finding]:
    return [renewed] if errors([renewed]) else [renewed, _up(stack, judged)]


def _next_generation(stack: str, generation: int, judged: bool) -> Finding:
    """Increase `vault.generation` in the stack's file and update the stack."""
    try:
        pulumi.set_config(stack, "vault.generation", str(generation + 1))
    except PulumiFailed as problem:
        return problem.finding
    return _up(stack, judged)


def _up(stack: str, judged: bool) -> Finding:
    done = ok(ID, Subject("stack", stack), "is done")
    failed = "failed, see above; istiod goes on with its present CA"
    return pulumi.applied(stack, judged, done, failed, f"then run `pulumi up -s {stack}` again")


def _require_rotatable(settings: Settings | CaSettings, stack: str, options: RootOptions) -> None:
    vault = settings.vault
    if options.named or options.key:
        raise UsageError(stack, "a new CA is named without --root", "add --root, or leave the other option out")
    source = settings.ca.source if isinstance(settings, Settings) else "istiod"
    if source == "issuer":
        return
    if source != "istiod":
        fix = "have its owner make another under the same root, put it in place and run up; --root changes the root"
        raise UsageError(stack, f"ca.source is '{source}': its CA is not made here", fix)
    if not vault.enabled:
        fix = "nothing needs to be done: istiod created its own root and renews it"
        raise UsageError(stack, "vault.enabled is false", fix)
    if vault.here and vault.signed_by == "outside":
        fix = (
            "increase vault.generation, run `pulumi up`, have the output certificateRequest signed, "
            "put the certificate into vault.signed, and run `pulumi up` again"
        )
        raise UsageError(stack, "vault.signedBy is 'outside'", fix)


PROOF, ISTIOD = "certificates", Subject("component", "istiod")
PROOF_PAUSE = 2.0
"""Seconds between two requests: kubelets bring a changed Secret to istiod within about a minute."""


def with_proof(settings: Settings, rotate: Callable[[], list[Finding]], wait: int) -> list[Finding]:
    """Return the findings of `rotate`, and the proof by one certificate from before it and one from after it.

    If istiod gives no certificate before, nothing is rotated, because nothing could be proven afterwards. It may give
    none for some seconds after it, while it starts again.
    """
    findings: list[Finding] = []
    context, namespace = settings.cluster.context, settings.istio.namespace
    try:
        with issuer(context, namespace, settings.trading.namespace) as istiod:
            before = istiod.issue()
            findings += rotate()
            if errors(findings):
                return findings

            def is_other(issued: IssuedCertificate) -> bool:
                return issued.issuer != before.issuer

            after = until(istiod.issue, wait, PROOF_PAUSE, done=is_other, excused=(NoCertificate,))
        roots = pem.certificates(mesh_ca.read_authority(context, namespace).root_cert, "istio-ca-root-cert")
    except ClusterUnreachable as problem:
        if not findings and not isinstance(problem, NoCertificate):
            raise
        what, fix = "nothing was rotated", "repair istiod (`verify` names its problem), then run rotate-ca again"
        if findings:
            what, fix = "nothing is proven", "the CA is renewed: run `verify` when istiod answers"
        return [*findings, error(PROOF, ISTIOD, f"gives no certificate, so {what}: {problem}", fix)]
    if is_other(after):
        return [*findings, *_comparison(before, after, roots)]
    why = f"istiod has signed with {pem.title(before.issuer)} for {wait} s more"
    return [*findings, error(PROOF, ISTIOD, why, "look at istiod's log; a restart reads the new CA too")]


def _comparison(before: IssuedCertificate, after: IssuedCertificate, roots: pem.Certificates) -> Iterator[Finding]:
    change = f"{pem.title(before.issuer)} -> {pem.title(after.issuer)}"
    yield ok(PROOF, ISTIOD, f"signs with another CA, without a restart: {change}")
    for when, issued in (("before", before), ("after", after)):
        subject = Subject("certificate", f"a certificate from {when} the rotation")
        if issued.verifies(roots):
            yield ok(PROOF, subject, "verifies against the roots that workloads trust")
        else:
            yield error(PROOF, subject, "does not verify", "restart the workloads with a sidecar")
