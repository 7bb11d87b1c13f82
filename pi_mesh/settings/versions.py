"""Versions of Istio that a stack file may name."""

from typing import Annotated

from pydantic import AfterValidator

from pi_mesh.catalog import istio
from pi_mesh.model.patterns import matching


def _known_version(value: str) -> str:
    if istio.minor_of(value) < istio.OLDEST:
        raise ValueError(f"is older than 1.{istio.OLDEST}, the oldest supported version")
    return value


IstioVersion = Annotated[
    str,
    matching(r"^1\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$", 'an exact release such as "1.20.3" (no range, no "latest")'),
    AfterValidator(_known_version),
]
