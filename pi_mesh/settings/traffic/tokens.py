"""Issuers of the tokens (JWT) that callers send."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from pi_mesh.model.patterns import matching
from pi_mesh.settings.traffic.names import Labels, NamespacedItem


class TokenIssuer(NamespacedItem):
    """A RequestAuthentication, which refuses requests with an invalid token.

    Requests without a token still pass; a policy with `requestPrincipals` refuses them.
    """

    issuer: Annotated[str, Field(min_length=1)]
    """Issuer of the tokens, their `iss` claim."""
    selector: Labels | None = None
    """Labels of the workloads that check the tokens; by default every workload of the namespace."""
    jwks_uri: (
        Annotated[str, matching(r"^https?://\S+$", 'a URL such as "https://login.example.org/jwks.json"')] | None
    ) = None
    """URL of the issuer's public keys, which istiod fetches; by default the one of its OpenID discovery document."""
    jwks: Annotated[str, matching(r"^\s*\{", "a JSON Web Key Set as text")] | None = None
    """Public keys of the issuer as a JSON Web Key Set, instead of a URL."""
    audiences: tuple[str, ...] = ()
    """Accepted values of the `aud` claim; by default every value."""
    forward: bool = False
    """Pass the token on to the workload."""

    def conflicts(self) -> Iterator[str]:
        if self.jwks_uri and self.jwks:
            yield "jwksUri and jwks are both set; the keys come from one of them"
        if self.jwks and '"d"' in self.jwks:
            yield "jwks contains a private key (the field d): remove it and replace the key; public keys are enough"
