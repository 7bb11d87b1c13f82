"""Custom resources by the SDK's own class, and nothing else. `RESOURCES` names a file with their manifests."""

import json
import os
from pathlib import Path

from pulumi_kubernetes.apiextensions import CustomResource

for one in json.loads(Path(os.environ["RESOURCES"]).read_text()):
    CustomResource(
        f"{one['kind']}-{one['metadata']['name']}",
        api_version=one["apiVersion"],
        kind=one["kind"],
        metadata=one["metadata"],
        spec=one["spec"],
    )
