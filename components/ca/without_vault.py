"""The CA of a mesh without Vault: from the settings, an existing Secret, cert-manager, or istiod itself."""

from dataclasses import dataclass
from typing import Any

import pulumi

from components import config
from components.ca import issued
from components.ca.cacerts import NAME
from components.ca.issued import IssuedCa
from components.ca.source import Source
from pi_mesh.certificates import signing_files
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.cluster import signing_secret
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.settings import Settings
from pi_mesh.settings.raw import KEY_OF_THE_CA


@dataclass(frozen=True)
class GivenCa:
    """A CA, and further roots that its owner wants trusted."""

    source: Source
    further_roots: tuple[str, ...] = ()
    written: bool = True
    """False if istiod reads the owner's own Secret, which this stack does not write."""


def given(settings: Settings, ours: bool, by_issuer: IssuedCa | None) -> GivenCa | None:
    """Return the given CA, unknown in a preview without the cluster; None if istiod has not made its root yet.

    `ours` is True if a stack of this project made the Secret `cacerts`. Raises CertificateError.
    """
    if settings.ca.source == "issuer" and by_issuer:
        return GivenCa(issued.source(settings, by_issuer))
    if settings.ca.source == "pem":
        return GivenCa(_from_config(settings))
    try:
        return _from_secret(settings, ours) if settings.ca.source == "secret" else _of_istiod(settings)
    except ClusterUnreachable:  # in a preview alone: see `_read`
        unknown: pulumi.Output[Any] = pulumi.Output.from_input(pulumi.UNKNOWN)
        return GivenCa(Source(unknown, unknown), written=settings.ca.secret != NAME)


def _from_config(settings: Settings) -> Source:
    key = config.secret_ca_key()
    if key is None:
        fix = f"`pulumi config set --secret {KEY_OF_THE_CA} < ca-key.pem`"
        raise CertificateError(f"{KEY_OF_THE_CA}: is not set, and ca.source is pem; {fix}")
    return Source(pulumi.Output.from_input(str(settings.ca.chain)), key)


def _from_secret(settings: Settings, ours: bool) -> GivenCa:
    name = str(settings.ca.secret)
    where = f"ca.secret: Secret {settings.istio.namespace}/{name}"
    if name == NAME and ours:
        raise CertificateError(f"{where} is made by this stack; name the Secret that its owner made")
    if (files := _read(settings, name, where)) is None:
        raise CertificateError(f"{where} does not exist; create it, or correct the name")
    found = signing_files.of(files, where)
    return GivenCa(_source(found), found.further_roots, written=name != NAME)


def _of_istiod(settings: Settings) -> GivenCa | None:
    """Return the root that istiod made, as a plugged-in CA: only such a CA can have further roots.

    istiod 1.31 refuses a `cacerts` with root-cert.pem alone (checkCABundleCompleteness in
    pilot/pkg/bootstrap/istio_ca.go).
    """
    where = f"Secret {settings.istio.namespace}/{signing_secret.OF_ISTIOD}"
    files = _read(settings, signing_secret.OF_ISTIOD, where)
    if files is None:
        pulumi.log.warn("ca.alsoTrust: istiod has not made its root yet; run `pulumi up` again once it runs")
        return None
    return GivenCa(_source(signing_files.of(files, where)))


def _source(found: signing_files.SigningFiles) -> Source:
    return Source(pulumi.Output.from_input(found.chain), pulumi.Output.secret(found.key))


def _read(settings: Settings, name: str, where: str) -> dict[str, str] | None:
    try:
        return signing_secret.read(settings.cluster.context, settings.istio.namespace, name)
    except ClusterUnreachable as problem:
        if pulumi.runtime.is_dry_run():
            raise
        raise CertificateError(f"{where} can't be read: {problem}") from None
