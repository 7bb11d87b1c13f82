"""The cluster writes of `repair`: Helm's release Secrets, and the owner labels of Istio's CRDs."""

import base64
import gzip
import json

from lightkube import Client
from lightkube.core.exceptions import ApiError
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.core_v1 import Secret

from operations.failures import Exit, OperationError
from pi_mesh.checks.finding import Subject, error
from pi_mesh.checks.preflight import stuck_releases
from pi_mesh.cluster import kubeconfig
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.release_records import ReleaseRecord
from pi_mesh.inventory import Release


class StillDeployedError(OperationError):
    """The release is not stuck any more: it was not changed."""

    status = Exit.PROBLEMS

    def __init__(self, secret: str, message: str) -> None:
        fix = "another process is changing it; nothing was done to it"
        super().__init__(error(stuck_releases.ID, Subject("secret", secret), message, fix))


class Writes:
    """Writes to the cluster of one context, which must be the kubeconfig's current one."""

    def __init__(self, context: str) -> None:
        self._client = Client(config=kubeconfig.connection(context))

    def forget(self, release: ReleaseRecord) -> None:
        """Delete a stuck revision; the next install of the same name adopts the objects that it created."""
        self._stuck(release)
        self._client.delete(Secret, release.secret, namespace=release.namespace)

    def fail(self, release: ReleaseRecord) -> None:
        """Mark a stuck revision as failed, as Helm would have done: the next upgrade replaces it."""
        content = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(self._stuck(release)))))
        content["info"]["status"] = "failed"
        content["info"]["description"] = "interrupted, marked by repair"
        packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()
        patch = {"metadata": {"labels": {"status": "failed"}}, "data": {"release": packed}}
        self._client.patch(Secret, release.secret, patch, namespace=release.namespace)

    def hand_over(self, crd: Crd, base: Release) -> None:
        """Make the base release the owner of a CRD; nothing else of the CRD changes."""
        release = {"meta.helm.sh/release-name": base.name, "meta.helm.sh/release-namespace": base.namespace}
        meta = {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": release}
        self._client.patch(CustomResourceDefinition, crd.name, {"metadata": meta})

    def _stuck(self, release: ReleaseRecord) -> str:
        """Return the content of the release's Secret. Raises StillDeployedError unless the release is still stuck."""
        try:
            secret = self._client.get(Secret, release.secret, namespace=release.namespace)
        except ApiError as problem:
            raise StillDeployedError(release.secret, str(problem.status.message)) from None
        labels = (secret.metadata and secret.metadata.labels) or {}
        if labels.get("status") != release.status or release.status == "deployed":
            raise StillDeployedError(release.secret, f"is {labels.get('status')} by now")
        return (secret.data or {})["release"]
