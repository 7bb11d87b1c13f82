"""The command `restore`: the mesh of a backup on new boards, with the root that its clients trust."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operations.backup import Identity
from operations.command_line import Consent, DryRun, Json, Stack, Yes, conclude_findings, expected_errors

if TYPE_CHECKING:
    from operations.backup_file import Backup
    from pi_mesh.checks.finding import Finding
    from pi_mesh.checks.observation import Observation
    from pi_mesh.inventory import Inventory
    from pi_mesh.settings import Settings

ID = "restore"
File = Annotated[Path, typer.Argument(help="The file that `backup` wrote.")]
OUTSIDE = ("vault:", "pi-mesh:vault:", "pulumi:providers:vault", "pulumi:providers:kubernetes", "pulumi:pulumi:Stack")
"""Beginnings of the types of a state's resources that do not live in the cluster."""


def restore(
    file: File,
    stack: Stack,
    identity: Identity = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring the mesh of a backup up on new boards, with the root that its clients trust.

    Writes the settings and the CA, and runs `pulumi up`. Refused over a mesh that lives, and on a cluster that
    preflight refuses: then nothing is written. Files that exist are kept. After a kill, the same command goes on.
    """
    with expected_errors("restore", stack, as_json):
        from operations import backup_file
        from pi_mesh.checks.finding import errors

        content = backup_file.read(file, stack, identity)
        consent = Consent(f"restore {file} -s {stack}", yes=yes, dry_run=dry_run, as_json=as_json)
        planned = _planned(stack, content)
        if not errors(planned.findings):
            for line in planned.lines():
                consent.say(line)
            if consent.is_given(f"Restore the mesh of stack {stack}?"):
                planned.carry_out(consent)
    conclude_findings("restore", stack, planned.findings, as_json)


@dataclass(frozen=True)
class Restoration:
    """The writes of a restore, in order; each part that is there already is left as it is."""

    stack: str
    content: Backup
    mesh: Inventory
    findings: list[Finding]
    """The faults of the backup and of the cluster."""

    def lines(self) -> Iterator[str]:
        for path, text in self.content.files.items():
            here = Path(path)
            if not here.exists():
                yield f"  file {path}: is written"
            elif here.read_text() != text:
                yield f"  file {path}: is kept; it differs from the backup's"
        namespace = self.mesh.settings.istio.namespace
        yield f"  namespace {namespace}: is made, if it is not there"
        for secret in self.content.secrets:
            yield f"  secret {namespace}/{secret['metadata']['name']}: is made, before istiod could make another root"
        yield f"  state of stack {self.stack}: gets what is outside the cluster; then `pulumi up` makes the rest"

    def carry_out(self, consent: Consent) -> None:
        from operations import pulumi
        from operations.repair import observed_state
        from pi_mesh.cluster.client import Client
        from pi_mesh.settings import stack_file

        for path, text in self.content.files.items():
            if not Path(path).exists():
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_text(text)
        state = pulumi.export(self.stack) if pulumi.has_stack(self.stack) else None
        if state is None:
            provider = stack_file.content(Path(f"Pulumi.{self.content.stack}.yaml")).get("secretsprovider", "")
            pulumi.init(self.stack, provider)
        namespace = self.mesh.namespace("istio").manifest
        home = f"/api/v1/namespaces/{self.mesh.settings.istio.namespace}"
        with Client(self.mesh.settings.cluster.context) as client:
            if not client.get(home):
                client.create("/api/v1/namespaces", namespace)
            for secret in self.content.secrets:
                if not client.get(f"{home}/secrets/{secret['metadata']['name']}"):
                    client.create(f"{home}/secrets", secret)
        # A state that outlived the boards is newer than the backup's.
        newest = state if state and observed_state.resources(state) else self.content.state
        pulumi.import_(self.stack, outside_the_cluster(newest))
        consent.say(f"The CA is there; `pulumi up -s {self.stack}` makes the rest")
        pulumi.up(self.stack, judged=find_spec("pulumi_policy") is not None)


def _planned(stack: str, content: Backup) -> Restoration:
    """Judge the backup and the cluster. Raises UsageError, and as `observe` does, before anything is written."""
    from operations import backup_file
    from pi_mesh.checks import registry
    from pi_mesh.checks.finding import Level
    from pi_mesh.checks.observe import observe
    from pi_mesh.cluster.stack_state import StackState
    from pi_mesh.inventory import chart_lock

    settings = _settings(content)
    # The namespace of a killed restore has the mark of a run that this state has not recorded.
    boards = observe(settings, stack, lambda: StackState(has_provider=True), chart_lock.read(stack))
    findings = [*backup_file.judged(content), *_cluster_faults(content, boards)]
    findings += [each for each in registry.findings(registry.PREFLIGHT, boards) if each.level is Level.ERROR]
    return Restoration(stack, content, boards.mesh, findings)


def _settings(content: Backup) -> Settings:
    """Return the settings of the stack file that is there, or else of the backup's. Raises SettingsError."""
    from operations import stacks

    name = f"Pulumi.{content.stack}.yaml"
    with TemporaryDirectory() as folder:
        path = Path(name) if Path(name).exists() else Path(folder, name)
        if path.parent != Path():
            path.write_text(content.files[name])
        return stacks.of_file(path)[0]


def _cluster_faults(content: Backup, boards: Observation) -> Iterator[Finding]:
    """Yield what a restore would overwrite, and what the backup's mesh cannot run on."""
    from pi_mesh.checks.finding import CLUSTER, Subject, error
    from pi_mesh.checks.preflight.foreign_istio import is_installed
    from pi_mesh.cluster.client import Client

    if is_installed(boards.mesh, boards.snapshot):
        message = "has this mesh already, and a restore is for a cluster without one"
        fix = "`python -m operations repair -s STACK` and `pulumi up` mend one that is there"
        yield error(ID, CLUSTER, message, fix)
    architectures = sorted({node.architecture for node in boards.snapshot.nodes})
    if not set(architectures) & set(content.architectures):
        message = f"has {', '.join(architectures)} nodes; the backup is of {', '.join(content.architectures)}"
        yield error(ID, CLUSTER, message, "restore on boards of that architecture")
    with Client(boards.settings.cluster.context) as client:
        for secret in content.secrets:
            place = secret["metadata"]
            live = client.get(f"/api/v1/namespaces/{place['namespace']}/secrets/{place['name']}")
            if live and live["data"] != secret["data"]:
                subject = Subject("secret", f"{place['namespace']}/{place['name']}")
                yield error(ID, subject, "is there with another CA than the backup's", "delete it, if nothing uses it")


def outside_the_cluster(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state with Vault's resources alone, so that `up` makes everything in the new cluster."""
    from operations.repair import observed_state

    resources = observed_state.kept_resources(state, lambda entry: entry["type"].startswith(OUTSIDE))
    urns = {entry["urn"] for entry in resources}
    for entry in resources:
        if "deletedWith" in entry and entry["deletedWith"] not in urns:
            entry["deletedWith"] = ""
        if entry["type"] == "pulumi:pulumi:Stack":
            entry["outputs"] = {}  # they name the cluster that is no more
    return {**state, "deployment": {**(state["deployment"] or {}), "resources": resources, "pending_operations": []}}
