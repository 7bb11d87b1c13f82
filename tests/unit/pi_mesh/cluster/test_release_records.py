"""What Helm's own record of a release tells."""

import base64
import gzip
import json

from pi_mesh.cluster.release_records import ReleaseRecord, decode

MANIFEST = """---
kind: Service
metadata: {name: istiod}
---
# nothing
---
kind: CustomResourceDefinition
metadata: {name: sidecars.networking.istio.io}
"""
CONTENT = {"manifest": MANIFEST, "config": {"a": 1}, "chart": {"metadata": {"version": "1.31.0", "appVersion": "1.31"}}}
ENCODED = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(CONTENT).encode()))).decode()
APPLIED = decode(ReleaseRecord("istio-system", "istiod", 3), ENCODED)


def test_it_has_the_rendered_objects_without_crds():
    assert APPLIED.objects == ({"kind": "Service", "metadata": {"name": "istiod"}},)


def test_it_has_the_values_and_the_versions_of_the_chart():
    assert (APPLIED.release, APPLIED.revision, APPLIED.values) == ("istio-system/istiod", 3, {"a": 1})
    assert (APPLIED.chart_version, APPLIED.app_version) == ("1.31.0", "1.31")
