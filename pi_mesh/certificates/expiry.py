"""The remaining lifetime of a CA certificate."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cryptography.x509 import Certificate

from pi_mesh.certificates.pem import title

TOO_LATE = timedelta(days=7)
"""Remaining time below which the mesh may stop before somebody looks: workloads' certificates end with their CA's."""


@dataclass(frozen=True)
class Expiry:
    """A judgement of a certificate's remaining lifetime; `left` is negative once it has expired."""

    level: Literal["ok", "warning", "error"]
    left: timedelta
    message: str


def judge(certificate: Certificate, now: datetime) -> Expiry:
    """Judge a certificate: a warning below a third of its lifetime, an error below seven days.

    `now` carries a time zone.
    """
    end, start = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    left = end - now
    ends = f"{title(certificate)} ends {end:%Y-%m-%d %H:%M} UTC"
    if left < TOO_LATE:
        return Expiry("error", left, f"{ends}, in less than 7 days: every certificate of the mesh ends with it")
    if left < (end - start) / 3:
        return Expiry("warning", left, f"{ends}: less than a third of its lifetime is left")
    return Expiry("ok", left, ends)
