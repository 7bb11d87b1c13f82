"""Retries must not repeat a request that the service may have processed already, such as a POST."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, setting
from pi_mesh.checks.next_version import refused_next
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.retries import NEVER_DELIVERED

ID = "retries"
FIX = f"leave retryOn to its default ({','.join(NEVER_DELIVERED)}), or set idempotent: true"


def check(settings: Settings, _snapshot: Snapshot | None) -> Iterator[Finding]:
    default = settings.proxy.default_retries
    if default.unsafe and not default.idempotent:
        yield error(ID, setting("proxy.defaultRetries.retryOn"), _repeats(default.unsafe), FIX)
    for name, route in settings.traffic.routes.items():
        for number, rule in enumerate(route.http):
            retries = rule.retries
            if retries and retries.unsafe and not (retries.idempotent or rule.is_read_only):
                subject = setting(f"traffic.routes.{name}.http[{number}].retries.retryOn")
                fix = f"give the rule methods: [GET, HEAD], {FIX}"
                yield refused_next(ID, subject, _repeats(retries.unsafe), fix)


def _repeats(conditions: tuple[str, ...]) -> str:
    return (
        f"repeats requests of every method after {', '.join(conditions)}, when the service may have processed them: "
        "a POST could be executed twice"
    )
