"""Istio by the SDK's own classes in one file: no settings, no checks, no guard.

`NAIVE` names a file with what the other contenders of `make bench` install too: the releases in their order, each with
the kind, the chart's file and the values, and the objects that turn mutual TLS on.
"""

import json
import os
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

wanted = json.loads(Path(os.environ["NAIVE"]).read_text())
namespace = kubernetes.core.v1.Namespace("istio-system", metadata={"name": wanted["namespace"]})
releases: dict[str, list[pulumi.Resource]] = {"base": [namespace], "istiod": [], "gateway": []}
BEFORE = {"base": [namespace], "istiod": releases["base"], "gateway": releases["istiod"]}

for one in wanted["releases"]:
    release = kubernetes.helm.v3.Release(
        one["name"],
        name=one["name"],
        chart=one["chart"],
        namespace=wanted["namespace"],
        values=one["values"],
        skip_await=one["kind"] == "base",
        opts=pulumi.ResourceOptions(depends_on=BEFORE[one["kind"]]),
    )
    releases[one["kind"]].append(release)

for one in wanted["objects"]:
    kubernetes.apiextensions.CustomResource(
        one["metadata"]["name"],
        api_version=one["apiVersion"],
        kind=one["kind"],
        metadata=one["metadata"],
        spec=one["spec"],
        opts=pulumi.ResourceOptions(depends_on=releases["istiod"]),
    )
