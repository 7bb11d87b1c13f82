"""Revision tags: webhook configurations that call the istiod of a tag's revision.

They are the program's own objects, not the chart's `revisionTags`: moving a tag then changes one object, where Helm
would refuse to let one release take over an object of another. The content is that of the chart's
templates/revision-tags-mwc.yaml; istiod writes the CA bundle into configurations whose label names its revision
(pilot/pkg/webhooks/webhookpatch.go).
"""

from collections.abc import Iterator

from pi_mesh.names import INJECTION_LABEL, ISTIOD, OWNER_ANNOTATION, REVISION_LABEL, TAG_WEBHOOK, owner
from pi_mesh.settings import Settings
from pi_mesh.settings.revisions import FIRST
from pi_mesh.values.objects import Object

INJECT = "sidecar.istio.io/inject"
NOT_SET = "DoesNotExist"


def webhooks(settings: Settings, stack: str) -> Iterator[Object]:
    """Yield the webhook configuration of each tag."""
    for tag, revision in settings.istio.tags.items():
        service = {
            "name": ISTIOD if revision == FIRST else f"{ISTIOD}-{revision}",
            "namespace": settings.istio.namespace,
            "path": "/inject",
            "port": 443,
        }
        yield {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {
                "name": f"{TAG_WEBHOOK}{tag}",
                "labels": {"app": "sidecar-injector", "istio.io/tag": tag, REVISION_LABEL: revision},
                "annotations": {OWNER_ANNOTATION: owner(stack)},
            },
            "webhooks": [
                _webhook("rev.namespace", service, [_is(REVISION_LABEL, tag), _unset(INJECTION_LABEL)], [_allowed()]),
                _webhook(
                    "rev.object",
                    service,
                    [_unset(REVISION_LABEL), _unset(INJECTION_LABEL)],
                    [_allowed(), _is(REVISION_LABEL, tag)],
                ),
            ],
        }


def _webhook(prefix: str, service: Object, namespaces: list[Object], pods: list[Object]) -> Object:
    return {
        "name": f"{prefix}.sidecar-injector.istio.io",
        "clientConfig": {"service": service},
        "sideEffects": "None",
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchExpressions": namespaces},
        "objectSelector": {"matchExpressions": pods},
    }


def _is(key: str, value: str) -> Object:
    return {"key": key, "operator": "In", "values": [value]}


def _unset(key: str) -> Object:
    return {"key": key, "operator": NOT_SET}


def _allowed() -> Object:
    return {"key": INJECT, "operator": "NotIn", "values": ["false"]}
