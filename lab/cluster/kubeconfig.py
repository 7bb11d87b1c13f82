"""Kubeconfigs for the lab's own programs and for its user."""

import base64
import json
from pathlib import Path
from typing import Any

from lab.cluster.names import AUTHORITY, CONTEXT, certificate_file, key_file, kubeconfig_file


def write(file: Path, server: str, identity: str) -> Path:
    """Write a kubeconfig for `server` (a URL) with the certificate called `identity`. Only root reads it."""
    user = {
        "client-certificate-data": _encoded(certificate_file(identity)),
        "client-key-data": _encoded(key_file(identity)),
    }
    cluster = {"server": server, "certificate-authority-data": _encoded(certificate_file(AUTHORITY))}
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": identity, "user": user}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": identity}}],
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(content, indent=1))
    return file


def component(name: str, server: str) -> Path:
    """Write the kubeconfig of one of the lab's programs, which has the certificate of the same name."""
    return write(kubeconfig_file(name), server, name)


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
