"""The CA's part of the program, with a Vault that only answers the requests before its first change."""

import base64
from collections.abc import Mapping

import pulumi
import pytest
from pulumi.runtime import rpc

from components import ca
from components.ca import program
from pi_mesh import inventory
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState, of_resources
from tests.support import authorities
from tests.support.factories import make_settings
from tests.support.recorder import Recording, record
from tests.support.vault_server import GOOD_TOKEN, vault_server

REQUEST = "vault:pkiSecret/secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest"
SIGNATURE = "vault:pkiSecret/secretBackendRootSignIntermediate:SecretBackendRootSignIntermediate"
CERTIFICATE = "vault:pkiSecret/secretBackendIntermediateSetSigned:SecretBackendIntermediateSetSigned"
STACK = "pulumi:pulumi:StackReference"
SECRET = "kubernetes:core/v1:Secret"
ROOT = authorities.make_root()
SIGNING = authorities.make_ca("Istio Intermediate CA", ROOT)
MADE = {
    REQUEST: {"csr": "the request", "privateKey": SIGNING.key},
    SIGNATURE: {"certificate": SIGNING.pem, "caChains": [SIGNING.pem, ROOT.pem]},
    CERTIFICATE: {"importedIssuers": ["issuer"]},
}
KEYLESS = {**MADE, REQUEST: {"csr": "the request", "privateKey": None}}
"""Outputs of the resources where the key stays in Vault."""
OUTSIDE = {"signedBy": "outside", "signed": {"generation": 1, "chain": SIGNING.pem + ROOT.pem}}


def plug_in(
    live: Authority | None = None,
    preview: bool = False,
    outputs: dict | None = None,
    token: str = GOOD_TOKEN,
    health: int = 200,
    recorded: StackState = NEVER_RUN,
    own: str | None = SIGNING.pem,
    **vault: object,
) -> Recording:
    """Return the resources of a mesh whose CA is made in Vault, or configured by `vault`.

    `health` is the answer of Vault's sys/health, `recorded` the content of the state, `own` the CA at the mount that
    the stack makes, or None without that mount.
    """
    with vault_server(ROOT.pem, health, own=own) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAULT_TOKEN", token)
        given = {"enabled": True, "address": address, **vault}
        settings = make_settings(vault={name: value for name, value in given.items() if value is not None})

        def run() -> object:
            answer = ca.ask(settings, recorded)
            return program.plug_in(
                inventory.mesh_inventory(settings), live or Authority(), answer, pulumi.ResourceOptions()
            )

        return record(run, preview=preview, outputs=outputs or MADE)


def in_state(recording: Recording, outputs: Mapping[str, Mapping] = MADE) -> StackState:
    """Return the content of a state with these resources; `outputs` as for the recorder."""
    return of_resources(
        {"urn": f"urn::{one.name}", "type": one.type, "outputs": {**one.props, **outputs.get(one.type, {})}}
        for one in recording.resources
    )


def files(recording: Recording) -> dict[str, str]:
    (secret,) = recording.of_type(SECRET)
    assert rpc.is_rpc_secret(secret.props["data"])
    content = rpc.unwrap_rpc_secret(secret.props["data"])
    return {name: base64.b64decode(encoded).decode() for name, encoded in content.items()}


def live(*signers: authorities.Authority, ours: bool = True) -> Authority:
    signing = authorities.make_ca("live", signers[0])
    roots = "".join(one.pem for one in signers)
    cacerts = {"ca-cert.pem": signing.pem, "cert-chain.pem": signing.pem, "root-cert.pem": roots}
    return Authority(roots, cacerts, ours=ours)
