"""The request bodies of the published plugin for each resource, and the properties that it reads back."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from lab.vault_plugin.conversion import vault_name

Fields = dict[str, Any]
Body = Callable[[Mapping[str, Any]], Fields]
NONE: Mapping[str, Any] = MappingProxyType({})

REQUEST = {"format": "pem", "private_key_format": "der", "exclude_cn_from_sans": False, "add_basic_constraints": False}
SIGNATURE = {"format": "pem", "exclude_cn_from_sans": False, "use_csr_values": False, "use_pss": False}
ISSUERS = {"default_follows_latest_issuer": False}
URLS = {"ocsp_servers": [], "enable_templating": False}
ROLE_ON = (
    "allow_ip_sans",
    "allow_localhost",
    "allow_wildcard_certificates",
    "client_flag",
    "enforce_hostnames",
    "require_cn",
    "server_flag",
    "use_csr_common_name",
    "use_csr_sans",
)
ROLE_OFF = (
    "allow_any_name",
    "allow_bare_domains",
    "allow_glob_domains",
    "allow_subdomains",
    "allowed_uri_sans_template",
    "basic_constraints_valid_for_non_ca",
    "code_signing_flag",
    "email_protection_flag",
    "generate_lease",
    "no_store",
)
ROLE = {**dict.fromkeys(ROLE_ON, True), **dict.fromkeys(ROLE_OFF, False)}
TIDY: Mapping[str, Any] = dict.fromkeys(
    (
        "maintain_stored_certificate_counts",
        "publish_stored_certificate_count_metrics",
        "tidy_acme",
        "tidy_cert_metadata",
        "tidy_cert_store",
        "tidy_cmpv2_nonce_store",
        "tidy_cross_cluster_revoked_certs",
        "tidy_expired_issuers",
        "tidy_move_legacy_ca_bundle",
        "tidy_revocation_queue",
        "tidy_revoked_cert_issuer_associations",
        "tidy_revoked_certs",
    ),
    False,
)
ROLE_READ = ("cnValidations", "issuerRef", "keyUsage", "notBeforeDuration", "serialNumberSource", "ttl")
"""Properties of a Vault PKI role that the plugin reads from Vault and sends with an update."""
TIDY_READ = (
    "acmeAccountSafetyBuffer",
    "intervalDuration",
    "issuerSafetyBuffer",
    "maxStartupBackoffDuration",
    "minStartupBackoffDuration",
    "pauseDuration",
    "revocationQueueSafetyBuffer",
    "safetyBuffer",
)
"""Properties of auto-tidy that the plugin reads from Vault and sends with an update."""


def fields(defaults: Mapping[str, Any] = NONE, in_path: tuple[str, ...] = ("backend",)) -> Body:
    """Return a body of all properties under Vault's names, without those that are in the path."""

    def body(properties: Mapping[str, Any]) -> Fields:
        given = {vault_name(name): value for name, value in properties.items() if name not in in_path}
        return {**defaults, **given}

    return body


PROPERTIES = fields()
"""The body of all properties and nothing else."""


def without_zeros(body: Body) -> Body:
    """Leave out the values that Go takes for absent: an empty text, a zero, an empty list; never a boolean."""
    return lambda properties: {
        name: value for name, value in body(properties).items() if value or isinstance(value, bool)
    }


def mount(properties: Mapping[str, Any]) -> Fields:
    """Return the body of a new mount."""
    config = {**_lease(properties), "force_no_cache": False, "options": None}
    common = {"type": properties["type"], "description": properties["description"], "options": {}}
    return {**common, "config": config, "local": False, "seal_wrap": False, "external_entropy_access": False}


def tune(properties: Mapping[str, Any]) -> Fields:
    """Return the body of a change of a mount."""
    return {**_lease(properties), "options": {}}


def remount(properties: Mapping[str, Any]) -> Fields:
    """Return the body of a change of a mount's path; the properties have both paths."""
    return {"from": properties["oldPath"], "to": properties["path"]}


def _lease(properties: Mapping[str, Any]) -> Fields:
    return {"default_lease_ttl": "0s", "max_lease_ttl": f"{properties['maxLeaseTtlSeconds']}s"}


def of_mount(found: Fields) -> Fields:
    """Return Vault's fields of a mount under the names of the properties."""
    return {**found, "max_lease_ttl_seconds": found["config"]["max_lease_ttl"]}


def nothing(found: Fields) -> Fields:  # noqa: ARG001 - in place of one that tells
    """Return none of the properties: the response belongs to another resource."""
    return {}


def of_role(found: Fields) -> Fields:
    """Return Vault's fields of a Vault PKI role; a duration is a text with its unit."""
    return {**found, "not_before_duration": f"{found['not_before_duration']}s"}
