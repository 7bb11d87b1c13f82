"""The change of a mesh's root: its three steps, and the proxies' answers about their trust between them."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from operations import pulumi, stacks
from operations.command_line import Consent
from operations.failures import UsageError
from operations.repair import observed_state, plan
from operations.rotate_ca import target as rotate_ca_target
from operations.rotate_ca.target import RootOptions, Target
from pi_mesh.certificates import pem
from pi_mesh.checks import root_trust
from pi_mesh.checks.finding import Finding, Subject, error, errors, ok, warning
from pi_mesh.checks.preflight.trading_hours import refused_restart
from pi_mesh.checks.root_trust import RootUse, mesh_trust
from pi_mesh.cluster import mesh_ca
from pi_mesh.cluster.certificates_in_use import ProxyTrust
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.settings import Settings
from pi_mesh.waiting import until
from pi_mesh.words import agreeing, listed

PROXIES_ID = "proxies"
PROXIES = Subject("proxy")
PAUSE = 3.0
"""Seconds between two rounds of questions."""
SHOWN = 10
Certificates = Iterable[pem.x509.Certificate]


@dataclass(frozen=True)
class Wait:
    """A wait that asks all proxies until they have followed, or until the time is over."""

    context: str
    namespace: str
    """The namespace of istiod."""
    seconds: int

    def until_all_trust(self, roots: Certificates) -> Finding:
        both = " and ".join(map(pem.title, roots))
        # A silent proxy may not trust the new root.
        use, left = self._until(lambda use: [*use.not_trusting(roots), *use.silent()])
        if left:
            return _late(left, f"not all trust {both} yet, so nothing more is changed")
        return _all(use, "trusts", "trust", both)

    def until_all_rest_on(self, root: pem.x509.Certificate) -> Finding:
        """Wait until no certificate under another root is in use, including istiod's own."""
        use, left = self._until(
            lambda use: [*use.not_resting_on(root), *use.silent(), *use.istiods_not_resting_on(root)]
        )
        if left:
            return _late(left, f"not all certificates are of {pem.title(root)} yet, so the old root stays trusted")
        return _all(use, "holds", "hold", f"certificates of {pem.title(root)}, istiod too")

    def until_none_trusts(self, roots: Certificates) -> Finding:
        """Wait until no proxy trusts the roots, and warn where one still does: longer trust breaks no connection."""
        use, left = self._until(lambda use: [each for root in roots for each in use.trusting(root)])
        dropped = ", ".join(map(pem.title, roots))
        if left:
            message = f"{listed(map(_name, left), SHOWN)} trust {dropped} until their certificate is renewed"
            return warning(PROXIES_ID, PROXIES, message, "restart them")
        return _all(use, "trusts", "trust", f"{dropped} no more")

    def _until(self, left: Callable[[RootUse], list]) -> tuple[RootUse, list]:
        """Return the last answers, and the proxies still left at the end. Raises ClusterUnreachable if none answers."""

        def look() -> tuple[RootUse, list]:
            use = root_trust.read_root_use(self.context, self.namespace)
            return use, left(use)

        return until(look, self.seconds, PAUSE, done=lambda answer: not answer[1], excused=(ClusterUnreachable,))


def _all(use: RootUse, does: str, do: str, what: str) -> Finding:
    count = len(use.proxies)
    proxies = agreeing(count, f"the proxy {does}", f"all {count} {do}")
    return ok(PROXIES_ID, PROXIES, f"{proxies} {what}" if count else "no proxy runs", number=count)


def _late(left: list[ProxyTrust | str], message: str) -> Finding:
    ends = [proxy.chain[0].not_valid_after_utc for proxy in left if isinstance(proxy, ProxyTrust) and proxy.chain]
    until = f"wait until they renew their certificates, at {max(ends):%Y-%m-%d %H:%M} UTC at the latest" if ends else ""
    fix = f"{until}, or restart their pods (`kubectl rollout restart`); then run the same command again".lstrip(", ")
    message += f": {listed(map(_name, left), SHOWN)}"
    return error(PROXIES_ID, PROXIES, message, fix, number=len(left))


def _name(proxy: ProxyTrust | str) -> str:
    if isinstance(proxy, str):
        return f"istiod's pod {proxy}"
    return f"{proxy.pod} ({proxy.problem})" if proxy.problem else proxy.pod


ID = "change of root"
AGAIN = "then run the same command again: it goes on from here"
Pending = Callable[[], list[Finding]]


@dataclass(frozen=True)
class Change:
    stack: str
    old: tuple[pem.x509.Certificate, ...]
    """Roots that are no longer trusted at the end."""
    new: pem.x509.Certificate
    target: Target | None
    """The new CA; None where it signs already."""
    judged: bool
    wait: Wait


def carry_out_steps(change: Change, pending: Pending) -> Iterator[Finding]:
    """Yield the finding of each step; an error is the last."""
    if change.target and change.new not in also_trusted(stacks.load(change.stack)) and (refused := pending()):
        yield from refused
        return
    for step in _steps(change):
        hours = stacks.load(change.stack).trading.hours
        if held := errors(refused_restart(hours, "rotate-ca changes the root", datetime.now(UTC))):
            yield from held  # the steps before may have taken hours
            return
        done = step()
        yield done
        if errors([done]):
            return


def _steps(change: Change) -> Iterator[Callable[[], Finding]]:
    if target := change.target:
        yield lambda: _trust(change)
        yield lambda: change.wait.until_all_trust((*change.old, change.new))
        yield lambda: _sign(change, target)
    yield lambda: change.wait.until_all_rest_on(change.new)
    yield lambda: _distrust(change)
    yield lambda: change.wait.until_none_trusts(change.old)


def _trust(change: Change) -> Finding:
    _also_trust(change.stack, change.new)
    return _up(change, change.stack, f"step 1 of 3: {pem.title(change.new)} is trusted too")


def _sign(change: Change, target: Target) -> Finding:
    for root in change.old:
        _also_trust(change.stack, root)
    if not target.reached:
        target.write()
    message = f"step 2 of 3: a CA under {pem.title(change.new)} signs"
    if target.owner != change.stack and errors([made := _up(change, target.owner, message)]):
        return made
    return _up(change, change.stack, message)


def _distrust(change: Change) -> Finding:
    settings = stacks.load(change.stack)
    for path, texts in (("ca.alsoTrust", settings.ca.also_trust), ("vault.alsoTrust", settings.vault.also_trust)):
        dropped_roots = {*change.old, change.new}
        # Others are roots of other meshes, which the owner trusts for good: no kill between two writes loses one.
        if texts and dropped_roots.issuperset(_certificates(texts)):
            pulumi.remove_config(change.stack, path)
            continue
        for place, text in reversed([*enumerate(texts)]):
            roots = _certificates([text])
            kept = tuple(root for root in roots if root not in dropped_roots)
            if not kept:
                pulumi.remove_config(change.stack, f"{path}[{place}]")
            elif len(kept) < len(roots):
                pulumi.set_all(change.stack, {f"{path}[{place}]": pem.text(kept)})
    return _up(change, change.stack, f"step 3 of 3: {', '.join(map(pem.title, change.old))} is trusted no more")


def _also_trust(stack: str, root: pem.x509.Certificate) -> None:
    """Add a root after those in the stack file, so that no root is missing at any time."""
    settings = stacks.load(stack)
    if root not in also_trusted(settings):
        pulumi.set_all(stack, {f"ca.alsoTrust[{len(settings.ca.also_trust)}]": pem.text((root,))})


def _up(change: Change, stack: str, message: str) -> Finding:
    why = f"`pulumi up` failed, see above, at {message}; the mesh goes on with its present CA"
    done = ok(ID, Subject("stack", stack), message)
    return pulumi.applied(stack, change.judged, done, why, f"correct that, {AGAIN}")


def also_trusted(settings: Settings) -> pem.Certificates:
    return _certificates(settings.also_trust)


def _certificates(texts: Iterable[str]) -> pem.Certificates:
    return tuple(root for text in texts for root in pem.certificates(text, "alsoTrust"))


def refusal(consent: Consent, stack: str, check: str, steps: Sequence[str]) -> list[Finding]:
    """Print the steps and ask; return no finding for a yes, and else that nothing was changed."""
    for line in steps:
        consent.say(line)
    if consent.is_given("Change the CA of the mesh?"):
        return []
    subject = Subject("stack", stack)
    if consent.dry_run:
        return [ok(check, subject, f"would be changed: {'; '.join(steps)}")]
    return [error(check, subject, "its CA was not changed, for nobody agreed", "rotate-ca --yes changes it")]


# The stack file and the cluster show how far a change is, so that the same command goes on after any interruption.


def change_root(
    stack: str, settings: Settings, options: RootOptions, pending: Pending, judged: bool, wait: int, consent: Consent
) -> list[Finding]:
    """Carry out the remaining steps of the change, and return their findings.

    `pending` returns an error for changes that do not belong to the CA. Raises as `pi_mesh.cluster.client.Client` does,
    UsageError, VaultError and CertificateError.
    """
    if settings.vault.key == "internal" and settings.vault.enabled:
        fix = "set vault.key: exported, run up, change the root, and set vault.key: internal again"
        raise UsageError(stack, "vault.key is 'internal': its root can't be changed", fix)
    begun = _planned(stack, settings, options, judged, wait)
    if begun is None:
        return [ok(ID, Subject("stack", stack), "is complete: the mesh trusts the root of its CA, and no other")]
    titles = ", ".join(map(pem.title, begun.old))
    texts = [f"{pem.title(begun.new)} is trusted too", "its CA signs", f"{titles} is trusted no more"]
    steps = [f"step {number} of 3: {text}" for number, text in enumerate(texts, 1)]
    if refused := refusal(consent, stack, ID, steps if begun.target else steps[2:]):
        return refused
    if obstacles := _clear(stack, settings):
        return obstacles
    findings: list[Finding] = []
    for finding in carry_out_steps(begun, pending):
        findings.append(finding)
        print(finding, file=sys.stderr)
    return findings


def _clear(stack: str, settings: Settings) -> list[Finding]:
    """Clear away the lock and the processes of a killed run, as `repair` does; return the obstacles to that."""
    now = observed_state.read(stack, settings)
    if not [*plan.processes_and_locks(now)]:
        return []
    if obstacle := plan.find_obstacle(now):
        return [obstacle]
    return errors(plan.carry_out(now, say=lambda line: print(line, file=sys.stderr)))


def _planned(stack: str, settings: Settings, options: RootOptions, judged: bool, wait: int) -> Change | None:
    place = settings.cluster.context, settings.istio.namespace
    live = mesh_trust(mesh_ca.read_authority(*place))
    if live is None:
        raise UsageError(stack, "istiod has not run yet: there is no root to change", "run `pulumi up` with the new CA")
    also, asks = also_trusted(settings), Wait(*place, wait)
    target = rotate_ca_target.named_ca(stack, settings, options) if options.named else None
    if target and target.root != live.signer:
        if target.reached and target.root not in live.roots:  # the first step needs the old CA's settings
            why = f"the stack file names the new CA already, and no workload trusts {pem.title(target.root)}"
            fix = f"put the settings of the CA under {pem.title(live.signer)} back, then run the command again"
            raise UsageError(stack, why, fix)
        return Change(stack, (live.signer,), target.root, target, judged, asks)
    old = live.roots_left(also)
    if target is None and not old and also:
        fix = "give the options of the run that began it: --root-mount, --chain or --secret"
        raise UsageError(stack, f"{pem.title(live.signer)} signs still", fix)
    if not old and target is None:
        target = rotate_ca_target.named_ca(stack, settings, options)  # its error names the options
    return Change(stack, old, live.signer, None, judged, asks) if old else None
