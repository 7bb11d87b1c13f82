"""The kubeconfig, and the guard that only the stack's own context is used."""

import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import yaml

from pi_mesh.cluster.errors import ClusterUnreachable, UnknownContext, WrongContext
from pi_mesh.words import first_line

if TYPE_CHECKING:
    from lightkube.config.kubeconfig import SingleConfig

DEFAULT = "~/.kube/config"

LISTS = {"clusters": "cluster", "contexts": "context", "users": "user"}
"""Lists of a kubeconfig, each with the key of an entry's content."""
FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
"""Settings of a cluster or user that name a file."""

IDENTITIES = (
    "client-certificate", "client-certificate-data", "token", "tokenFile", "username", "exec", "auth-provider",
)  # fmt: skip
"""Settings of a user, one of which client-go needs for a server with TLS; else it waits for a name on standard input,
in the Kubernetes provider for ever (`canIdentifyUser` in k8s.io/client-go/tools/clientcmd/client_config.go)."""

LOCK = Lock()
"""Lock of lightkube's parser: two threads that read a kubeconfig at once crash msgspec 0.22."""


def connection(context: str) -> "SingleConfig":
    """Return the connection of the context.

    Raises WrongContext unless the context is the kubeconfig's current one: `kubectl`, `helm` and this program must mean
    the same cluster. Raises ClusterUnreachable if there is no usable kubeconfig.
    """
    from lightkube.config.kubeconfig import KubeConfig
    from lightkube.config.models import User
    from lightkube.core.exceptions import ConfigError

    merged = _merged()
    current = merged["current-context"]
    if not merged["contexts"]:
        places = ", ".join(map(str, _paths()))
        raise ClusterUnreachable(
            f"cluster.context '{context}': no kubeconfig in {places}; `export KUBECONFIG=FILE` names one "
            "(k3s writes it to /etc/rancher/k3s/k3s.yaml)"
        )
    if current != context:
        kind = WrongContext if context in (names := [entry["name"] for entry in merged["contexts"]]) else UnknownContext
        reason = f"cluster.context is '{context}', but the kubeconfig's current context is '{current or 'not set'}'"
        raise kind(f"{reason}; nothing was touched. {_way_to(context, current, names)}", reason)
    if problem := _lacks_credentials(merged, context):
        raise ClusterUnreachable(problem)
    try:
        with LOCK:
            config = KubeConfig.from_dict(merged).get(context)
    except (ConfigError, KeyError, ValueError) as error:
        raise ClusterUnreachable(f"cluster.context '{context}': the kubeconfig is not usable: {error}") from None
    assert config is not None  # get() with a name returns or raises
    return config if config.user else config._replace(user=User())


def missing_credentials(context: str) -> str:
    """Return why the context's user cannot be told by the cluster, in one line; empty where it can, or is not known."""
    try:
        return _lacks_credentials(_merged(), context)
    except ClusterUnreachable:
        return ""


def _lacks_credentials(merged: dict, context: str) -> str:
    def content(kind: str, name: str) -> dict:
        return next((entry.get(LISTS[kind]) or {} for entry in merged[kind] if entry["name"] == name), {})

    chosen = content("contexts", context)
    user = chosen.get("user", "")
    server = str(content("clusters", chosen.get("cluster", "")).get("server", ""))
    if not server.startswith("https://") or any(content("users", user).get(name) for name in IDENTITIES):
        return ""
    places = ", ".join(map(str, _paths()))
    return (
        f"cluster.context '{context}': its user '{user}' has no credentials in {places} (no certificate, token or "
        "exec); copy the whole kubeconfig anew from the cluster"
    )


def _way_to(context: str, current: str | None, known: list[str]) -> str:
    """Return what to type where the stack's context is not the current one."""
    if context in known:
        return f"Run `kubectl config use-context {context}`, or choose the stack of '{current or 'another one'}'"
    if current in known:
        command = f"pulumi config set --path cluster.context {current} -s STACK"
        chosen = f"if '{current}' is this stack's cluster, run `{command}`"
    else:
        names = ", ".join(known)
        chosen = f"it has {names}; `kubectl config use-context NAME` chooses one, and cluster.context names it"
    return f"The kubeconfig has no context '{context}': {chosen}"


def _paths() -> list[Path]:
    """Return the kubeconfig files, as kubectl finds them: KUBECONFIG may name several."""
    named = os.environ.get("KUBECONFIG") or DEFAULT
    return [Path(name).expanduser() for name in named.split(os.pathsep) if name]


def _merged() -> dict:
    """Merge kubeconfig files as kubectl does: the first entry of each name and the first current-context apply.

    https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
    """
    contents = [*map(_read, _paths())]
    contexts = [content["current-context"] for content in contents if content.get("current-context")]
    merged: dict = {"current-context": contexts[0] if contexts else None}
    for key in LISTS:
        # Reversed, because a dict keeps the later of two entries with one name.
        by_name = {entry["name"]: entry for content in reversed(contents) for entry in reversed(content.get(key) or [])}
        merged[key] = list(by_name.values())
    return merged


def _read(path: Path) -> dict:
    """Return a file's content with absolute paths; empty for a missing file, which kubectl skips too."""
    try:
        content = yaml.safe_load(path.read_text())
        return _with_whole_paths(content, path.absolute().parent) if isinstance(content, dict) else {}
    except FileNotFoundError:
        return {}
    except (OSError, yaml.YAMLError) as error:
        raise ClusterUnreachable(f"{path}: is not a readable kubeconfig: {first_line(str(error))}") from None
    except (AttributeError, KeyError, TypeError):
        raise ClusterUnreachable(f"{path}: is not a kubeconfig: its lists must hold entries with a name") from None


def _with_whole_paths(content: dict, folder: Path) -> dict:
    """Return the content with the file's relative paths resolved beside that file."""
    for key, inner in LISTS.items():
        for entry in content.get(key) or []:
            values = entry.get(inner) or {}
            for name in FILES:
                if values.get(name):
                    values[name] = str(folder / values[name])
            # As in client-go: a bare name is looked up on PATH.
            if os.sep in (command := (values.get("exec") or {}).get("command", "")):
                values["exec"]["command"] = str(folder / command)
    return content
