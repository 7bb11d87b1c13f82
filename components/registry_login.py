"""The pull Secrets of a private registry, one in each namespace whose pods run an image of the mesh."""

import pulumi

from components import config
from components.manifest import KubernetesObject
from pi_mesh.settings import Settings
from pi_mesh.settings.raw import REGISTRY_PASSWORD
from pi_mesh.settings.sources import LOGIN_SECRET
from pi_mesh.values import pull_secret


def make(settings: Settings, namespace: str, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Register the Secret of a namespace; none where `images.login` is not set.

    Raises pulumi.RunError where the password is missing.
    """
    login = settings.images.login
    if login is None:
        return []
    password = config.secret_registry_password()
    if password is None:
        fix = f"`pulumi config set --secret {REGISTRY_PASSWORD}`"
        raise pulumi.RunError(f"{REGISTRY_PASSWORD}: is not set, and images.login is; {fix}")
    content = password.apply(lambda text: pull_secret.content(settings.images.registry, login.username, text))
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": pull_secret.TYPE,
        "metadata": {"name": LOGIN_SECRET, "namespace": namespace},
        "data": {pull_secret.KEY: pulumi.Output.secret(content)},
    }
    hidden = pulumi.ResourceOptions(additional_secret_outputs=["data"])
    return [KubernetesObject(f"registry-{namespace}", manifest, pulumi.ResourceOptions.merge(opts, hidden))]
