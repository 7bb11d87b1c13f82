"""Backups for tests: of the stack `test`, with a CA that signs, and an age key that opens them."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyrage

from operations.backup_file import Backup
from tests.support.authorities import Authority, make_ca
from tests.support.versions import NEWEST

KEY = pyrage.x25519.Identity.generate()
RECIPIENT = str(KEY.to_public())
STATE: dict[str, Any] = {"version": 3, "deployment": {"resources": []}}


def key_file(folder: Path) -> Path:
    path = folder / "age.key"
    path.write_text(f"# made for a test\n{KEY}\n")
    return path


def secret(ca: Authority, name: str = "istio-ca-secret", key: str | None = None) -> dict[str, Any]:
    """Return the Secret of a CA; `key` is of another one."""
    files = {"ca-cert.pem": ca.pem, "ca-key.pem": key or ca.key}
    data = {file: base64.b64encode(text.encode()).decode() for file, text in files.items()}
    metadata = {"name": name, "namespace": "istio-system", "uid": "of-the-old-cluster"}
    return {"apiVersion": "v1", "kind": "Secret", "type": "istio.io/ca-root", "metadata": metadata, "data": data}


def make_backup(**changes: object) -> Backup:
    ca = make_ca("root")
    origin = {"program": "0.3.0", "stack": "test", "time": datetime.now(UTC), "cluster_uid": "old", "istio": NEWEST}
    boards = {"kubernetes": "v1.36.3", "architectures": ("arm64",), "key_in_vault": "", "files": {}, "state": STATE}
    return Backup.model_validate({**origin, **boards, "secrets": (secret(ca),), "roots": ca.pem, **changes})
