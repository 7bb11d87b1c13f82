"""The login of a private registry for the trials' Jobs, where the stack's own pull Secret does not exist yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from operations import pulumi
from operations.failures import UsageError
from operations.rehearse.trial_pod import PURPOSE
from pi_mesh.cluster.client import Client
from pi_mesh.names import OWNER_ANNOTATION, SHORT_LIVED_LABEL, owner
from pi_mesh.settings import Settings
from pi_mesh.settings.raw import REGISTRY_PASSWORD
from pi_mesh.values import pull_secret


@dataclass(frozen=True)
class Login:
    """A pull Secret that lives as long as the Jobs, which own it: the cluster removes it with the last of them."""

    name: str
    content: str
    stack: str

    def create(self, client: Client, namespace: str, jobs: Iterable[Mapping[str, Any]]) -> None:
        """Create the Secret for these Jobs, given by their metadata. Raises as `Client` does."""
        owners = [{"apiVersion": "batch/v1", "kind": "Job", "name": job["name"], "uid": job["uid"]} for job in jobs]
        metadata = {
            "name": self.name,
            "labels": {SHORT_LIVED_LABEL: PURPOSE},
            "annotations": {OWNER_ANNOTATION: owner(self.stack)},
            "ownerReferences": owners,
        }
        data = {pull_secret.KEY: self.content}
        body = {"apiVersion": "v1", "kind": "Secret", "type": pull_secret.TYPE, "metadata": metadata, "data": data}
        client.create(f"/api/v1/namespaces/{namespace}/secrets", body)


def of(settings: Settings, stack: str) -> Login | None:
    """Return the login of `images.login`; None without one. Raises UsageError if its password is not set."""
    login = settings.images.login
    if login is None:
        return None
    password = pulumi.secret(stack, REGISTRY_PASSWORD)
    if password is None:
        raise UsageError(stack, "images.login has no password", f"`pulumi config set --secret {REGISTRY_PASSWORD}`")
    content = pull_secret.content(settings.images.registry, login.username, password)
    return Login(f"{PURPOSE}-{token_hex(4)}", content, stack)
