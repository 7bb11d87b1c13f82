"""Charts that cannot be fetched, and a state that cannot be read or written."""

import socketserver
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from lab.cluster.kubectl import kubectl
from tests.live.reliability.looking import state, untouched

pytestmark = pytest.mark.long


@pytest.mark.row(18)
def test_a_directory_without_the_charts(empty, told):
    empty.set("charts.source", "nowhere")
    refused = empty.up()
    assert refused.status != 0
    assert untouched()
    told(refused.status, refused.line_with("nowhere/base-1.31.0.tgz"), "putting the charts there")


@pytest.mark.row(18)
def test_a_chart_that_was_cut_off(empty, tmp_path, told):
    for chart in ("base", "istiod", "gateway"):
        whole_chart = (empty.folder / ".lab" / "charts" / f"{chart}-1.31.0.tgz").read_bytes()
        (tmp_path / f"{chart}-1.31.0.tgz").write_bytes(whole_chart[:500])
    empty.set("charts.source", str(tmp_path))
    refused = empty.pulumi("up", "--yes")
    assert refused.status != 0
    assert untouched()
    told(refused.status, refused.line_with("base-1.31.0.tgz"), "fetching it again")


@pytest.mark.row(18)
def test_a_repository_that_has_no_charts(empty, tmp_path, told):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Log nothing."""

    with socketserver.TCPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        empty.set("charts.source", f"http://127.0.0.1:{server.server_address[1]}/{tmp_path.name}")
        refused = empty.pulumi("up", "--yes")
        server.shutdown()
    assert refused.status != 0
    assert untouched()
    told(refused.status, refused.line_with("404"), "setting charts.source right")


@pytest.mark.row(37)
def test_a_wrong_passphrase(whole, tmp_path, told):
    before = state(whole)
    wrong = tmp_path / "passphrase"
    wrong.write_text("not this one")
    whole.more["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(wrong)
    try:
        refused = whole.up()
    finally:
        whole.more.clear()
    assert refused.status != 0
    assert state(whole) == before
    told(refused.status, refused.line_with("passphrase"), "the right passphrase")


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
        empty.more["PULUMI_BACKEND_URL"] = f"file://{disk}"
        empty.pulumi("stack", "init").must()
        filler = disk / "filler"
        _fill(filler)
        refused = empty.up()
        assert refused.status != 0
        filler.unlink()
        empty.operation("repair", "--yes").must()
        empty.must_up()
        empty.destroy().must()
    finally:
        empty.more.clear()
        subprocess.run(["umount", str(disk)], check=True)
    told(refused.status, refused.line_with("no space left"), "room, repair, `pulumi up`")


def _fill(file: Path) -> None:
    """Fill the disk to the last byte."""
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(b"0" * 4096)
        except OSError:
            return
