"""The lab's names, certificates and ways in, as far as no cluster is needed."""

import asyncio
import importlib.util
import ipaddress
import shutil
import socket
import stat
from pathlib import Path

import pytest
from cryptography import x509

from lab.cluster import certificates, cgroup, forward, kubectl, names, pki, simulated
from lab.cluster.shell import LabError, run
from lab.cluster.simulated import SimulatedNode


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A certificate authority in a folder of its own."""
    monkeypatch.setattr(pki, "FOLDER", tmp_path / "pki")
    certificates.create_authority()
    return x509.load_pem_x509_certificate(pki.certificate_file("ca").read_bytes())


def identity_of(checkout: Path) -> str:
    """What `names` says in another checkout."""
    copy = checkout / "lab" / "cluster" / "names.py"
    copy.parent.mkdir(parents=True)
    shutil.copy(names.__file__, copy)
    spec = importlib.util.spec_from_file_location("other_names", copy)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.IDENTITY


def test_two_checkouts_have_different_names(tmp_path):
    assert len({identity_of(tmp_path / "a"), identity_of(tmp_path / "b"), names.IDENTITY}) == 3


def test_a_server_certificate_is_signed_by_the_authority_for_exactly_its_hosts(authority):
    certificates.issue("server", "server", hosts=["127.0.0.1", "kubernetes.default"])
    issued = x509.load_pem_x509_certificate(pki.certificate_file("server").read_bytes())
    issued.verify_directly_issued_by(authority)
    hosts = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert hosts.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]
    assert hosts.get_values_for_type(x509.DNSName) == ["kubernetes.default"]


@pytest.mark.usefixtures("authority")
def test_only_root_reads_a_private_key():
    assert stat.S_IMODE(pki.key_file("ca").stat().st_mode) == 0o600


def test_cgroup_hierarchies_of_both_versions_are_found(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("cgroup /c/memory cgroup rw 0 0\nproc /proc proc rw 0 0\ncgroup2 /c/unified cgroup2 rw 0 0\n")
    assert cgroup.hierarchies(str(mounts)) == [Path("/c/memory"), Path("/c/unified")]


def test_the_labs_kubectl_refuses_a_kubeconfig_with_another_server(authority, tmp_path, monkeypatch):
    del authority  # only its file matters
    foreign = tmp_path / "kubeconfig"
    foreign.write_text('{"clusters": [{"cluster": {"server": "https://10.0.0.7:6443"}}]}')
    monkeypatch.setattr(kubectl, "KUBECONFIG", foreign)
    with pytest.raises(LabError, match=r"https://10\.0\.0\.7:6443 is not the local cluster"):
        kubectl.kubectl("get", "nodes")


def test_a_failed_command_is_told_with_its_last_line():
    with pytest.raises(LabError, match=r"sh -c .* failed \(3\): the reason$"):
        run("sh", "-c", "echo noise; echo the reason >&2; exit 3")


def test_a_simulated_node_is_by_default_a_pi_that_no_pod_lands_on_unasked():
    manifest = simulated._manifest(SimulatedNode("sim"))
    assert manifest["metadata"]["labels"]["kubernetes.io/arch"] == "arm64"
    assert manifest["spec"]["taints"][0]["effect"] == "NoSchedule"


def test_what_goes_through_a_forwarder_comes_back_unchanged():
    assert asyncio.run(_echoed(b"hello" * 100_000)) == b"hello" * 100_000


async def _echoed(sent: bytes) -> bytes:
    """What an echoing server returns through a forwarder."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    serving = asyncio.create_task(forward._serve(listener, "127.0.0.1", server.sockets[0].getsockname()[1]))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    writer.write_eof()
    try:
        return await reader.read()
    finally:
        writer.close()
        serving.cancel()
        server.close()
