"""The question before the first change of a mesh's CA."""

from collections.abc import Sequence

from operations.command_line import Consent
from pi_mesh.checks.finding import Finding, Subject, error, ok


def refusal(consent: Consent, stack: str, check: str, plan: Sequence[str]) -> list[Finding]:
    """Print the plan and ask; return no finding for a yes, and else that nothing was changed."""
    for line in plan:
        consent.say(line)
    if consent.is_given("Change the CA of the mesh?"):
        return []
    subject = Subject("stack", stack)
    if consent.dry_run:
        return [ok(check, subject, f"would be changed: {'; '.join(plan)}")]
    return [error(check, subject, "its CA was not changed, for nobody agreed", "rotate-ca --yes changes it")]
