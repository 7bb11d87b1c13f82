"""The Gateway API's conformance suite against the local cluster's mesh, and its page docs/figures/conformance.md."""

import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any

import yaml

from lab.cluster import enter, node_images
from lab.cluster.kubectl import get, kubectl
from lab.cluster.machines import CONTROL_PLANE
from lab.cluster.names import ADMIN, CHECKOUT, LAB, kubeconfig_file
from lab.cluster.process import LOGS
from lab.cluster.shell import LabError, last_line, print_progress
from lab.toolchain import images, programs
from lab.toolchain.catalog import BY_NAME
from lab.toolchain.image_archive import Image
from lab.toolchain.istio_parts import ISTIO
from lab.workloads import CONTROL
from pi_mesh.words import markdown_table

NAME = "conformance"
PAGE = CHECKOUT / "docs" / "figures" / "conformance.md"
REPORT = CHECKOUT / "docs" / "figures" / "conformance" / "report.yaml"
PUBLISHED = REPORT.with_name("istio-1.30.1.yaml")
"""Istio's newest report, from the Gateway API's repository: conformance/reports/v1.5/istio-istio (2026-08-21)."""
LOG = LOGS / "conformance.log"
REGISTRY = "registry.k8s.io/gateway-api"
ECHO_TAGS = ("v1.5.1", "v1.6.0-dev.2", "v1.6.0-dev.3")
"""Tags under which the suite's manifests name its echo server. All three are the server of this version here."""
COUNTED = ("passed", "failed", "skipped")
PROFILES = ("GATEWAY-HTTP", "GATEWAY-GRPC", "GATEWAY-TLS", "GATEWAY-TCP", "MESH-HTTP", "MESH-GRPC")

UNCLAIMED = (
    "GatewayBackendClientCertificate",
    "GatewayHTTPSListenerDetectMisdirectedRequests",
    "MeshClusterIPMatching",
    "UDPRoute",
)
"""Features that Istio 1.31.0 leaves out of its own run: pilot/pkg/config/kube/gateway/supported_features.go and
tests/integration/pilot/gateway_conformance_test.go."""
STRICT = "mTLS is STRICT, as this program sets it; what failed succeeds under PERMISSIVE"
EXPLAINED = {
    **dict.fromkeys(
        ("BackendTLSPolicy", "BackendTLSPolicyConflictResolution", "BackendTLSPolicySANValidation"),
        f"The gateway speaks the backend's own TLS to a pod with a sidecar. {STRICT}",
    ),
    "MeshFrontend": f"A sidecar sends plain text to a pod's own address, which is no Service's. {STRICT}",
}
"""Test that fails -> its cause, tried with a PeerAuthentication in each of the suite's namespaces (2026-12-02)."""

TEXT = """\
# Gateway API conformance

For whoever writes Gateway API objects for this mesh. Written by `python -m lab conformance` on {day}: the upstream
suite ran on the local cluster against the mesh of the stack `lab`. Istio {istio} is built with Gateway API
{ours[gatewayAPIVersion]}, and so are the suite and the CRDs ({ours[gatewayAPIChannel]} channel). Beside it stands the
newest report that Istio had published on 2026-08-21, of {theirs[implementation][version]} with Gateway API
{theirs[gatewayAPIVersion]}, which has fewer tests. The whole reports: [this run](conformance/report.yaml),
[Istio's](conformance/istio-1.30.1.yaml).

{counts}

{sums[PASS]} tests passed, {sums[FAIL]} failed and {sums[SKIP]} were skipped. A test counts in every profile that has
all its features, or in none. The tests run one after another here, because the suite's report counts a parallel test as
passed before it has run (`Run` in conformance/utils/suite/suite.go). Istio leaves these features out of its own run,
and so does this one: {unclaimed}.

## Tests that fail

{failures}
"""
FLAGS = (
    "--test.v",
    "--gateway-class=istio",
    "--all-features",
    f"--exempt-features={','.join(UNCLAIMED)}",
    f"--conformance-profiles={','.join(PROFILES)}",
    "--namespace-labels=istio-injection=enabled",
    # Istio's own test names both addresses: tests/integration/pilot/gateway_conformance_test.go.
    "--usable-address=infra-backend-v1.gateway-conformance-infra.svc.cluster.local",
    "--unusable-address=foo",
    # For a busy machine; the 30 s in which answers must agree are the suite's rule, and stay.
    "--timeout-config-overrides=GetTimeout:60;DeleteTimeout:60;RequestTimeout:20",
    *("--organization=istio", "--project=istio", "--url=https://istio.io/", "--contact=none", f"--version={ISTIO}"),
)


def run() -> None:
    """Run the suite and write its report and its page. Raises `LabError` for a failed test that is not explained."""
    if not get("deployments", "--namespace", CONTROL, "--selector=app=istiod")["items"]:
        raise LabError(f"no istiod in namespace {CONTROL}: install the mesh first, with `make up`")
    programs.ensure([NAME])
    node_images.load(archive for _, archive in images.part_tars(BY_NAME[NAME], _images, __file__))
    (LAB / REPORT.name).unlink(missing_ok=True)
    with _crds():
        _run_suite()
    if not (LAB / REPORT.name).is_file():
        raise LabError(f"the suite wrote no report: {last_line(LOG.read_text())} (all of it: {LOG})")
    report = yaml.safe_load((LAB / REPORT.name).read_text())
    REPORT.write_text(yaml.safe_dump(report))
    PAGE.write_text(page(report, yaml.safe_load(PUBLISHED.read_text()), tests := results(LOG.read_text())))
    if unexplained := sorted(test for test in tests.keys() - EXPLAINED if tests[test] == "FAIL"):
        raise LabError(f"{', '.join(unexplained)}: failed for no known reason; the log is {LOG}")


def _images() -> dict[str, Image]:
    """Return the images that the suite's manifests name; Istio's echo server calls as well as it answers."""
    built, certificates = (programs.file(NAME, folder) for folder in ("bin", "certificates"))
    echo, server, client, busybox = "/echo-basic", "/usr/local/bin/server", "/usr/local/bin/client", "/bin/busybox"
    called = {"/cert.crt": certificates / "cert-chain.pem", "/cert.key": certificates / "key.pem"}
    called |= {server: built / "server", client: built / "client"}
    # The backend of UDPRoutes, which Istio has not: it only has to be Ready.
    idle = (busybox, "sh", "-c", "sleep 2147483647")
    return {
        **{tag: Image(f"{REGISTRY}/echo-basic:{tag}", (echo,), {echo: built / "echo-basic"}) for tag in ECHO_TAGS},
        "advanced": Image(f"{REGISTRY}/echo-advanced:v1.5.1", (server,), called, folders=("/tmp",), user="1338"),
        "coredns": Image("registry.k8s.io/coredns/coredns:v1.12.2", idle, {busybox: images.BUSYBOX}),
    }


@contextmanager
def _crds() -> Iterator[None]:
    """Install the API's CRDs while the block runs; a cluster that has them keeps its own."""
    if kubectl("get", "crds", "--ignore-not-found", "gateways.gateway.networking.k8s.io"):
        yield
        return
    flags = [f"--filename={file}" for file in sorted(programs.file(NAME, "crd").glob("gateway.*.yaml"))]
    try:
        kubectl("apply", "--server-side", *flags)
        yield
    finally:
        kubectl("delete", "--ignore-not-found", *flags)


def _run_suite() -> None:
    program = programs.file(NAME, "bin/conformance")
    command = enter.network(CONTROL_PLANE, program, *FLAGS, f"--report-output={LAB / REPORT.name}")
    print_progress(f"the suite runs, for about ten minutes; its log is {LOG}")
    variables = {"KUBECONFIG": str(kubeconfig_file(ADMIN))}
    with LOG.open("w") as log, subprocess.Popen(command, env=variables, stdout=log, stderr=log) as suite:
        while suite.poll() is None:
            with suppress(LabError):  # a Service may go between the list and the patch
                _give_addresses()
            time.sleep(1)


def _give_addresses() -> None:
    """Give each Service of type LoadBalancer its own cluster address, which answers where the suite runs."""
    for service in get("services", "--all-namespaces")["items"]:
        spec, metadata = service["spec"], service["metadata"]
        if spec["type"] == "LoadBalancer" and not service["status"]["loadBalancer"]:
            address = {"ip": spec["clusterIP"], "ipMode": "Proxy"}
            patch = json.dumps({"status": {"loadBalancer": {"ingress": [address]}}})
            where = ("service", metadata["name"], f"--namespace={metadata['namespace']}")
            kubectl("patch", *where, "--subresource=status", "--type=merge", f"--patch={patch}")


def results(log: str) -> dict[str, str]:
    """Return the result of each test (PASS, FAIL, SKIP), of those too that the suite's report counts in no profile."""
    return {test: said for said, test in re.findall(r"^    --- (\w+): TestConformance/(\w+) ", log, re.MULTILINE)}


def page(report: Mapping[str, Any], published: Mapping[str, Any], tests: Mapping[str, str]) -> str:
    """Return the text of docs/figures/conformance.md."""
    theirs = dict(_parts(published))
    rows = [(*key, *_figures(part), *_figures(theirs.get(key))) for key, part in _parts(report)]
    causes = [(f"`{name}`", EXPLAINED.get(name, "unknown")) for name in sorted(tests) if tests[name] == "FAIL"]
    return TEXT.format(
        day=date.today(),
        istio=ISTIO,
        ours=report,
        theirs=published,
        sums=Counter(tests.values()),
        counts=markdown_table(("profile", "tests", *COUNTED, *(f"Istio's own {name}" for name in COUNTED)), rows),
        failures=markdown_table(("test", "why it fails"), causes) if causes else "No test failed.",
        unclaimed=", ".join(f"`{feature}`" for feature in UNCLAIMED),
    )


def _parts(report: Mapping[str, Any]) -> Iterable[tuple[tuple[str, str], dict[str, Any]]]:
    """Yield the core and the extended tests of each profile, by (profile, kind)."""
    for profile in sorted(report["profiles"], key=lambda profile: PROFILES.index(profile["name"])):
        yield from (((profile["name"], kind), profile[kind]) for kind in ("core", "extended") if kind in profile)


def _figures(part: Mapping[str, Any] | None) -> Iterable[str]:
    return (str(part["statistics"][name.title()]) if part else "not published" for name in COUNTED)
