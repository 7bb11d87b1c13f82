"""The content of a pull Secret, as the kubelet reads it."""

import base64
import json

TYPE, KEY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"


def content(registry: str, username: str, password: str) -> str:
    """Return the Secret's value, in base64; `registry` as `ImageSettings.registry` names it."""
    both = base64.b64encode(f"{username}:{password}".encode()).decode()
    entry = {"username": username, "password": password, "auth": both}
    return base64.b64encode(json.dumps({"auths": {registry: entry}}).encode()).decode()
