"""The command `rotate-ca`: a new key and certificate for the mesh's CA, or another root."""

import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from operations.command_line import Consent, DryRun, Json, Stack, Yes, conclude_findings, expected_errors

Policies = Annotated[bool, typer.Option(help="Check the changes with the policy pack in `policies`.")]
Wait = Annotated[int, typer.Option(help="Seconds to wait until istiod signs with the new CA.", min=1)]
Root = Annotated[bool, typer.Option("--root", help="Change to another root, in three steps, without an outage.")]
RootMount = Annotated[str | None, typer.Option(help="With --root: mount of the new root in Vault.")]
Chain = Annotated[
    Path | None, typer.Option(help="With --root: PEM file with the new CA's certificate chain, the root last.")
]
Key = Annotated[Path | None, typer.Option(help="With --chain: PEM file of that CA's private key.")]
Secret = Annotated[str | None, typer.Option(help="With --root: Secret in istiod's namespace with the new CA.")]
ByIssuer = Annotated[bool, typer.Option("--issuer", help="With --root: change to the CA that ca.issuer has signed.")]


def rotate_ca(
    stack: Stack,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    wait: Wait = 300,
    policies: Policies = True,
    root: Root = False,
    root_mount: RootMount = None,
    chain: Chain = None,
    key: Key = None,
    secret: Secret = None,
    issuer: ByIssuer = False,
) -> None:
    """Give the mesh's CA a new key and certificate under the same root, without a restart, and prove it.

    Increases vault.generation, or has cert-manager renew the CA of ca.issuer, runs `pulumi up`, and compares
    certificates that istiod signed before and after it. If the CA has its own stack, that stack is updated first; if
    you name that stack itself, it is the only one. The command refuses to run while the settings contain any other
    change: apply that with `pulumi up`. The plan is shown first, and carried out after a yes on a terminal or with
    --yes.

    With --root: trust the new root too, sign under it, and then stop trusting the old root. Before each next step, all
    proxies are asked whether they have followed. After an interruption, the same command goes on where it stopped.
    """
    judged = policies and find_spec("pulumi_policy") is not None
    with expected_errors("rotate-ca", stack, as_json):
        from operations.rotate_ca import renewal
        from operations.rotate_ca.target import RootOptions

        options = RootOptions(root_mount, chain, key, secret, issuer)
        named = {"--root-mount": root_mount, "--chain": chain, "--key": key, "--secret": secret}
        words = ["rotate-ca", "-s", stack, *(["--root"] if root else []), *(["--issuer"] if issuer else [])]
        words += [word for option, value in named.items() if value is not None for word in (option, str(value))]
        consent = Consent(shlex.join(words), yes=yes, dry_run=dry_run, as_json=as_json)
        findings = renewal.rotate(stack, options, judged, wait, consent, change_of_root=root)
    conclude_findings("rotate-ca", stack, findings, as_json)
