"""Warnings that become errors in the next version, so that a running stack has time to change.

A setting that the cluster itself would refuse is refused at once. A setting that works, but opens something or does not
do what it says, is a warning for one version.
"""

from pi_mesh.checks.finding import Finding, Subject, warning

NEXT = "0.3.0"


def refused_next(id: str, subject: Subject, message: str, fix: str) -> Finding:
    """Return a warning that names the version in which it becomes an error."""
    return warning(id, subject, f"{message}; pi-mesh {NEXT} refuses it", fix)
