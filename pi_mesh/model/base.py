"""Base class of every settings model: frozen, closed, camelCase in the stack file."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from pi_mesh.model.patterns import matching

CONFLICTS = "conflicts"
"""Type under which pydantic reports a conflict between fields."""
EACH_ALONE: dict[str, object] = {}
"""Validation context in which conflicts between fields are not checked."""


class Model(BaseModel):
    """A branch of the settings tree. Unknown keys are refused, and values never change after they are read."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
        # Schemas are built once for the whole tree, not for each model first: that build is what a preview waits for.
        defer_build=True,
        # YAML's `on`, "2" or 1.0 must not be taken for a boolean, a number or a replica count.
        strict=True,
        allow_inf_nan=False,
    )

    def conflicts(self) -> Iterator[str]:
        """Yield a sentence for each conflict between fields that are valid by themselves."""
        return iter(())

    @model_validator(mode="after")
    def _fields_go_together(self, info: ValidationInfo) -> Self:
        """Refuse all conflicts at once; of several validators pydantic would only run the first that fails."""
        if info.context is EACH_ALONE:
            return self
        if found := tuple(self.conflicts()):
            raise PydanticCustomError(CONFLICTS, "{said}", {"said": "; ".join(found), "sentences": found})
        return self


NamespaceName = Annotated[
    str,
    matching(
        r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
        "at most 63 small letters, digits and inner dashes, beginning with a letter",
    ),
]
"""Name of a Kubernetes namespace. It begins with a letter, because YAML reads digits as a number."""

MountPath = Annotated[
    str,
    matching(
        r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$",
        'a path of Vault without slashes around it, such as "pki_int"',
    ),
]

Replicas = Annotated[int, Field(ge=1, le=100)]
"""Number of a Deployment's pods; zero would take the mesh down silently."""

DrainSeconds = Annotated[int, Field(ge=1, le=300)]
"""Seconds that a stopping proxy keeps serving."""

HelmValues = dict[str, object]
"""Extra Helm values as written in the stack file."""
