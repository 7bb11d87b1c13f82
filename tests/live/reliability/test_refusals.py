"""The refusals of a run before it changes anything: by the cluster, the charts, the state and the settings."""

import socketserver
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from lab.cluster import simulated
from lab.cluster.faults import api_server_down
from lab.cluster.kubectl import kubectl
from lab.cluster.simulated import SimulatedNode
from tests.live.versions import LAB, LAB_BEFORE, minor
from tests.support.helm import untouched
from tests.support.project import Outcome

pytestmark = pytest.mark.long

FOREIGN_CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gateways.networking.istio.io}
spec:
  group: networking.istio.io
  scope: Namespaced
  names: {plural: gateways, kind: Gateway}
  versions:
  - {name: v1beta1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
"""
STALE_WEBHOOK = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: istiod-default-validator}
webhooks:
- name: validation.istio.io
  clientConfig: {service: {name: istiod, namespace: istio-system, path: /validate}}
  rules: [{apiGroups: [security.istio.io], apiVersions: ["*"], resources: ["*"], operations: [CREATE]}]
  sideEffects: None
  admissionReviewVersions: [v1]
"""


def refused_untouched(outcome: Outcome, text: str) -> str:
    """Return the line with the text of a run that was refused and has left nothing in the cluster."""
    line = outcome.refused(text)
    assert untouched()
    return line


@pytest.fixture
def node() -> Iterator:
    """Yield `node(kernel="...")`: create a simulated node beside the real ones."""
    yield lambda **facts: simulated.put(SimulatedNode("odd", **facts))
    simulated.remove_all()


@pytest.mark.row(23)
def test_a_node_with_a_stock_raspberry_pi_kernel(empty, node, told):
    node(kernel="6.6.31+rpt-rpi-v8", os_image="Debian GNU/Linux 12 (bookworm)")
    run = empty.up()
    told(run.status, refused_untouched(run, "node odd: kernel 6.6.31+rpt-rpi-v8"), "the fix in the message")


@pytest.mark.row(22)
def test_a_node_with_too_little_memory(empty, node, told):
    node(memory="1800Mi")
    run = empty.up()
    told(run.status, refused_untouched(run, "node odd: 1800Mi of 1800Mi memory are free, 2Gi needed"), "as it says")


@pytest.mark.row(12)
def test_crds_that_are_not_helms(empty, told):
    kubectl("delete", "crd", "--selector=app.kubernetes.io/part-of=istio", "--ignore-not-found")
    kubectl("apply", "--filename=-", stdin=FOREIGN_CRD)
    run = empty.up()
    line = refused_untouched(run, "crd gateways.networking.istio.io: 1 belongs to no Helm release")
    empty.operation("repair", "--yes").must()
    empty.must_up()
    told(run.status, line, "`python -m operations repair -s STACK --yes`, then `pulumi up`")


@pytest.mark.row(21)
def test_a_stale_webhook(empty, told):
    kubectl("apply", "--filename=-", stdin=STALE_WEBHOOK)
    try:
        run = empty.up()
    finally:
        kubectl("delete", "validatingwebhookconfiguration", "istiod-default-validator")
    told(run.status, refused_untouched(run, "validatingwebhookconfiguration istiod-default-validator"), "as it says")


@pytest.mark.row(15)
def test_an_api_server_that_is_down_at_the_start(whole, told):
    before = whole.resources()
    with api_server_down():
        run = whole.up()
        line = run.refused("does not answer")
        assert whole.operation("verify").status == 3
        assert "Preflight not done" in whole.preview().output
    assert whole.resources() == before
    whole.must_up()
    told(run.status, line, "`pulumi up` when it is back")


@pytest.mark.row(17)
def test_the_operations_refuse_another_context_too(whole, told):
    whole.set("cluster.context", "production")
    run = whole.operation("verify")
    assert run.status == 3
    told(run.status, run.line_with("cluster.context is 'production'"), "`pulumi config set`")


@pytest.mark.row(19)
@pytest.mark.parametrize("version", ["latest", f"{minor(LAB)}.x", f">={minor(LAB_BEFORE)}", minor(LAB)])
def test_a_version_that_is_not_exact(empty, told, version):
    empty.set("istio.version", version)
    run = empty.up()
    line = refused_untouched(run, "istio.version:")
    assert empty.operation("preflight").status == 2
    told(run.status, line, "an exact version")


@pytest.mark.row(18)
def test_a_directory_without_the_charts(empty, told):
    empty.set("charts.source", "nowhere")
    run = empty.up()
    told(run.status, refused_untouched(run, f"nowhere/base-{LAB}.tgz"), "putting the charts there")


@pytest.mark.row(18)
def test_a_chart_that_was_cut_off(empty, tmp_path, told):
    for chart in ("base", "istiod", "gateway"):
        archive = f"{chart}-{LAB}.tgz"
        (tmp_path / archive).write_bytes((empty.folder / ".lab" / "charts" / archive).read_bytes()[:500])
    empty.set("charts.source", str(tmp_path))
    run = empty.pulumi("up", "--yes")
    told(run.status, refused_untouched(run, f"base-{LAB}.tgz"), "fetching it again")


@pytest.mark.row(18)
def test_a_repository_that_has_no_charts(empty, tmp_path, told):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Log nothing."""

    with socketserver.TCPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        empty.set("charts.source", f"http://127.0.0.1:{server.server_address[1]}/{tmp_path.name}")
        run = empty.pulumi("up", "--yes")
        server.shutdown()
    told(run.status, refused_untouched(run, "404"), "setting charts.source right")


@pytest.mark.row(37)
def test_a_wrong_passphrase(whole, tmp_path, told):
    before = whole.resources()
    (tmp_path / "passphrase").write_text("not this one")
    with whole.with_variables(PULUMI_CONFIG_PASSPHRASE_FILE=str(tmp_path / "passphrase")):
        run = whole.up()
    line = run.refused("passphrase")
    assert whole.resources() == before
    told(run.status, line, "the right passphrase")


@pytest.mark.row(38)
def test_no_key_is_in_state_preview_or_release_values(whole):
    exported = whole.pulumi("stack", "export", "--show-secrets").output
    values = kubectl("get", "secrets", "--namespace=istio-system", "--selector=owner=helm", "--output=yaml")
    for text in (exported, whole.preview("--diff").output, values):
        assert text
        assert "PRIVATE KEY" not in text


@pytest.mark.row(25)
def test_a_state_on_a_full_disk_stays_as_it_was(empty, tmp_path, told):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=True)
    try:
        with empty.with_variables(PULUMI_BACKEND_URL=f"file://{disk}"):
            empty.pulumi("stack", "init").must()
            fill(disk / "filler")
            run = empty.up()
            line = run.refused("no space left")
            (disk / "filler").unlink()
            empty.operation("repair", "--yes").must()
            empty.must_up()
            empty.destroy().must()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    told(run.status, line, "room, repair, `pulumi up`")


def fill(file: Path) -> None:
    """Fill the disk to the last byte."""
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(b"0" * 4096)
        except OSError:
            return
