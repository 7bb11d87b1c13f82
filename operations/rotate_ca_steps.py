"""The three steps from one root to another: trust both roots, sign under the new one, stop trusting the old one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from operations import pulumi, stacks
from operations.pulumi import PulumiFailed
from operations.rotate_ca_options import Target
from operations.rotate_ca_trust import Wait
from pi_mesh.certificates import pem
from pi_mesh.checks.finding import Finding, Subject, error, errors, ok
from pi_mesh.settings import Settings

ID = "change of root"
AGAIN = "then run the same command again: it goes on from here"
Pending = Callable[[], list[Finding]]


@dataclass(frozen=True)
class Change:
    """A change from one root to another."""

    stack: str
    old: tuple[pem.x509.Certificate, ...]
    """Roots that are no longer trusted at the end."""
    new: pem.x509.Certificate
    target: Target | None
    """The new CA; None where it signs already."""
    judged: bool
    wait: Wait

    @property
    def subject(self) -> Subject:
        return Subject("stack", self.stack)


def carried_out(change: Change, pending: Pending) -> Iterator[Finding]:
    """Yield the finding of each step; an error is the last."""
    begun = change.new in also_trusted(stacks.load(change.stack))
    if change.target and not begun and (refused := pending()):
        yield from refused
        return
    for step in _steps(change, change.target):
        done = step()
        yield done
        if errors([done]):
            return


def _steps(change: Change, target: Target | None) -> Iterator[Callable[[], Finding]]:
    if target:
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
    for path, roots in (("ca.alsoTrust", settings.ca.also_trust), ("vault.alsoTrust", settings.vault.also_trust)):
        if roots:
            pulumi.remove_config(change.stack, path)
    dropped = ", ".join(map(pem.title, change.old))
    return _up(change, change.stack, f"step 3 of 3: {dropped} is trusted no more")


def _also_trust(stack: str, root: pem.x509.Certificate) -> None:
    """Add a root after those in the stack file, so that no root is missing at any time."""
    settings = stacks.load(stack)
    if root not in also_trusted(settings):
        pulumi.set_all(stack, {f"ca.alsoTrust[{len(settings.ca.also_trust)}]": pem.text((root,))})


def _up(change: Change, stack: str, message: str) -> Finding:
    try:
        pulumi.up(stack, change.judged)
    except PulumiFailed:
        why = f"`pulumi up` failed, see above, at {message}; the mesh goes on with its present CA"
        return error(ID, Subject("stack", stack), why, f"correct that, {AGAIN}")
    return ok(ID, Subject("stack", stack), message)


def also_trusted(settings: Settings) -> pem.Certificates:
    return tuple(one for text in settings.also_trust for one in pem.certificates(text, "alsoTrust"))
