"""The kubeconfig, and the guard that only the stack's own context is touched."""

import os
from pathlib import Path

import yaml
from lightkube.config.kubeconfig import DEFAULT_KUBECONFIG, KubeConfig, SingleConfig
from lightkube.config.models import User
from lightkube.core.exceptions import ConfigError

from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext

LISTS = ("clusters", "contexts", "users")


def connection(context: str) -> SingleConfig:
    """How to connect to the context.

    Raises WrongContext unless the context is the kubeconfig's current one: `kubectl`, `helm` and this program must
    mean the same cluster. Raises ClusterUnreachable where there is no usable kubeconfig at all.
    """
    merged = _merged(_paths())
    current = merged.get("current-context")
    if not merged["contexts"]:
        raise ClusterUnreachable(f"cluster.context '{context}': no kubeconfig in {_shown(_paths())}; set KUBECONFIG")
    if current != context:
        raise WrongContext(
            f"cluster.context is '{context}', but the kubeconfig's current context is '{current or 'not set'}'; "
            f"nothing was touched. Run `kubectl config use-context {context}`, or choose the stack of '{current}'"
        )
    try:
        config = KubeConfig.from_dict(merged, fname=_paths()[0]).get(context)
    except (ConfigError, KeyError, ValueError) as error:
        raise ClusterUnreachable(f"cluster.context '{context}': the kubeconfig is not usable: {error}") from None
    assert config is not None  # get() with a name returns or raises
    return config if config.user else config._replace(user=User())


def _paths() -> list[Path]:
    """As kubectl: KUBECONFIG may name several files."""
    named = os.environ.get("KUBECONFIG") or DEFAULT_KUBECONFIG
    return [Path(name).expanduser() for name in named.split(os.pathsep) if name]


def _merged(paths: list[Path]) -> dict:
    """As kubectl: entries of all files, the first current-context wins."""
    merged: dict = {key: [] for key in LISTS}
    for path in paths:
        content = _read(path)
        if content.get("current-context"):
            merged.setdefault("current-context", content["current-context"])
        for key in LISTS:
            merged[key] += content.get(key) or []
    return merged


def _read(path: Path) -> dict:
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, yaml.YAMLError) as error:
        raise ClusterUnreachable(f"{path}: is not a readable kubeconfig: {_first_line(error)}") from None
    return content if isinstance(content, dict) else {}


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _shown(paths: list[Path]) -> str:
    return ", ".join(map(str, paths))
