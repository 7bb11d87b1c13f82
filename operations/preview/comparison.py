"""Both sides of a pull request for one stack, and the conclusions from them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from operations.preview import consequences, version_change
from operations.preview.checkout_side import Side
from operations.preview.consequences import Consequences
from operations.preview.engine_result import Step, Violation
from operations.preview.relaxations import Relaxations
from operations.preview.version_change import UnsupportedChange


@dataclass(frozen=True)
class Comparison:
    """The comparison that the comment describes."""

    stack: str
    before: Side
    after: Side
    relaxations: Relaxations = field(default_factory=Relaxations)
    own_violations: tuple[Violation, ...] = ()
    """Violations of the pull request's own rules, where it changes them and the base's rules do not report the same."""
    charts_at_hand: bool = False
    """True where charts.source was replaced by local charts."""

    @property
    def errors(self) -> tuple[str, ...]:
        """Return the reasons why the pull request does not preview, a line for each problem."""
        return tuple(_lines(self.after.intent.errors))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the engine's steps on a cluster that is as the base describes it."""
        return () if self.errors else self.after.intent.steps

    @property
    def violations(self) -> tuple[Violation, ...]:
        return *self.after.intent.violations, *self.own_violations

    @property
    def broken(self) -> tuple[Violation, ...]:
        """Return the violations that refuse the pull request."""
        return tuple(violation for violation in self.violations if violation.level == "mandatory")

    @property
    def is_refused(self) -> bool:
        """Return True where the pull request breaks a mandatory rule or does not preview."""
        return bool(self.broken or self.errors)

    @cached_property
    def consequences(self) -> Consequences:
        return consequences.of(self.before.objects, self.after.objects)

    @cached_property
    def unsupported(self) -> UnsupportedChange | None:
        """Return the change of istio.version where Istio does not support it."""
        return version_change.of(self.before.config, self.after.config)


def _lines(errors: Iterable[str]) -> Iterator[str]:
    """Yield a line for each problem, without a heading that only counts several of them."""
    for error in errors:
        heading, *rest = [line.strip() for line in error.splitlines() if line.strip()] or [""]
        yield from rest if rest and heading.endswith(":") else [error]
