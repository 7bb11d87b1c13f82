"""First installs in a cluster that others use too, or with settings unlike the lab's; each begins with nothing."""

import platform
import struct
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import yaml

from lab.cluster import enter, node
from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.machines import CONTROL_PLANE
from lab.cluster.machines import node as machine
from lab.cluster.names import CHECKOUT
from lab.cluster.shell import LabError
from lab.cluster.waiting import wait_until
from lab.toolchain import image_archive, images
from lab.toolchain.image_archive import Image
from lab.workloads import CONTROL
from pi_mesh.cluster.load_balancers import SERVICELB_LABELS
from tests.support import authorities, pods
from tests.support.commands import nodes_with_errors, rehearsed
from tests.support.helm import releases
from tests.support.objects import present
from tests.support.project import STACK_FILE, Project

SECTIONS = {"istio-system": "istio", "trading": "trading"}
"""Each of the mesh's namespaces with its section of the settings."""


@pytest.fixture
def others(nothing: Project) -> Iterator[Project]:
    """Destroy the mesh, and create foreign namespaces under both names, each with some content."""
    for name in SECTIONS:
        kubectl("create", "namespace", name)
        kubectl("label", "namespace", name, "team=others")
        kubectl("create", "configmap", "theirs", f"--namespace={name}")
    yield nothing
    kubectl("delete", "namespace", *SECTIONS)


@pytest.mark.row(14)
def test_an_existing_namespace_is_refused_before_anything_is_touched(others):
    refused = others.up()
    assert "istio-base" not in refused.output
    for name, section in SECTIONS.items():
        assert f"set {section}.adopt: true" in refused.refused(f"namespace {name}:")
        assert not get("namespace", name)["metadata"].get("annotations", {}).get("pi-mesh/stack")


def must_refuse_to_drop_adopt(others: Project) -> None:
    """Assert that dropping `adopt` is refused: without it, the next destroy would delete what the namespaces hold."""
    others.reset()
    refused = others.preview()
    for name, section in SECTIONS.items():
        assert f"set {section}.adopt: true" in refused.refused(f"namespace {name}: is marked as adopted by")


def test_an_adopted_namespace_keeps_what_is_in_it_and_stays_at_destroy(others):
    adopted = {f"{section}.adopt": True for section in SECTIONS.values()}
    others.change(adopted)
    others.must_up()
    assert {get("namespace", name)["metadata"]["labels"]["team"] for name in SECTIONS} == {"others"}
    others.must_be_unchanged()
    must_refuse_to_drop_adopt(others)
    others.change(adopted)
    others.destroy().must()
    must_refuse_to_drop_adopt(others)
    for name in SECTIONS:
        assert get("configmap", "theirs", f"--namespace={name}")["metadata"]["name"] == "theirs"
        assert get("namespace", name)["metadata"]["labels"]["team"] == "others"


REPLACED = {"cluster": ("context", "architecture"), "charts": ("source",), "istio": ("version", "values")}
"""Settings of the stack pi-cluster that belong to its cluster, and its Istio version, which the lab cannot run."""


def test_the_shipped_stack_pi_cluster_comes_up_on_the_local_cluster(nothing: Project):
    shipped = yaml.safe_load((CHECKOUT / "Pulumi.pi-cluster.yaml").read_text())
    ours = yaml.safe_load((CHECKOUT / STACK_FILE).read_text())
    for section, keys in REPLACED.items():
        for key in keys:
            shipped["config"][f"pi-mesh:{section}"][key] = ours["config"][f"pi-mesh:{section}"][key]
    (nothing.folder / STACK_FILE).write_text(yaml.safe_dump({**ours, **shipped}))
    nothing.must_up()
    deployments = get("deployments", f"--namespace={CONTROL}")["items"]
    ready = {one["metadata"]["name"]: one["status"].get("readyReplicas") for one in deployments}
    assert ready == dict.fromkeys(("istiod", "istio-ingressgateway", "istio-egressgateway"), 1)
    nothing.must_be_unchanged()


ODD = "pi-2"
OTHER_MACHINE = 62 if platform.machine() == "aarch64" else 183
"""e_machine of an ELF file that this machine does not run: x86-64, or AArch64."""


@pytest.mark.long
def test_an_image_for_another_processor_is_named_before_a_release_is_touched(nothing: Project, tmp_path, figure):
    ((reference, tar),) = [entry for entry in images.image_tars() if "proxyv2" in entry[0]]
    program, foreign = tmp_path / "program", tmp_path / "foreign.tar"
    program.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 2, OTHER_MACHINE) + bytes(44))
    held = dict.fromkeys(("/usr/local/bin/envoy", "/usr/local/bin/pilot-agent"), program)
    image_archive.write(Image(reference, ("/usr/local/bin/pilot-agent",), held), foreign)
    try:
        node.import_images(machine(ODD), [foreign])
        status, findings = rehearsed(nothing)
    finally:
        node.import_images(machine(ODD), [tar])
    assert (status, nodes_with_errors(findings)) == (1, {ODD})
    assert "exec format error" in findings[ODD, "envoy"]["message"]
    assert releases() == {}
    figure(f"{findings[ODD, 'envoy']['message']}; no release")


EDGE, SECRET, GATEWAY = "edge", "certificate", "istio-ingressgateway"
SHOWN = "import ssl, sys; print(ssl.get_server_certificate((sys.argv[1], 443), timeout=5))"


def may_read(secret: str, namespace: str) -> bool:
    """Return True if the ingress gateway's account in its own namespace may read a secret."""
    account = f"--as=system:serviceaccount:{EDGE}:{GATEWAY}"
    try:
        return kubectl("auth", "can-i", "get", f"secret/{secret}", f"--namespace={namespace}", account).strip() == "yes"
    except LabError:  # the status of "no"
        return False


def served() -> str:
    """Return the certificate that the gateway serves, in PEM form; empty while it serves none."""
    address = staying_pods(EDGE, f"app={GATEWAY}")[0]["status"]["podIP"]
    command = enter.network(CONTROL_PLANE, sys.executable, "-c", SHOWN, address)
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


@pytest.mark.long
def test_a_new_gateway_has_its_own_namespace_and_an_installed_one_is_never_moved(nothing: Project, tmp_path, figure):
    nothing.change({"ingress.namespace": EDGE, "traffic.gateways": {"secure": {"tls": {"secret": SECRET}}}})
    nothing.must_up()
    root = authorities.make_root("trading.example.org")
    (tmp_path / "tls.crt").write_text(root.pem)
    (tmp_path / "tls.key").write_text(root.key)
    files = (f"--cert={tmp_path}/tls.crt", f"--key={tmp_path}/tls.key")
    kubectl("create", "secret", "tls", SECRET, *files, f"--namespace={EDGE}")
    wait_until("the gateway's certificate", lambda: served() == root.pem.strip(), seconds=60)
    assert (may_read(SECRET, EDGE), may_read("cacerts", CONTROL)) == (True, False)
    assert nothing.outputs()["gateways"][GATEWAY]["ports"]["https"]
    nothing.operation("verify").must()
    assert "unchanged" in nothing.must_up().output
    before = get("deployment", GATEWAY, f"--namespace={EDGE}")["metadata"]["uid"]
    nothing.set("ingress.namespace", CONTROL)
    assert nothing.preview().status != 0
    line = nothing.up().refused("asks for the ingress gateway in istio-system, and it is installed in edge")
    assert get("deployment", GATEWAY, f"--namespace={EDGE}")["metadata"]["uid"] == before
    figure(f"serves the certificate of {EDGE}, may not read secret cacerts; moved back: {line.strip()}")


LOAD_BALANCER, PORTS = "svclb-traefik-3f6c1d2a", (80, 443)
SERVED_AT = "198.51.100.7"


def held_on() -> int:
    return get("daemonset", LOAD_BALANCER, "-n", "kube-system").get("status", {}).get("numberReady", 0)


@pytest.fixture
def traefik() -> Iterator[None]:
    """Run on each node a pod that holds ports 80 and 443, as k3s' servicelb does for Traefik's Service."""
    app, label = {"app": LOAD_BALANCER}, SERVICELB_LABELS[0]
    labels = {**app, f"{label}/svcname": "traefik", f"{label}/svcnamespace": "kube-system"}
    held = [pods.idle(name=f"lb-{port}", ports=[{"containerPort": port, "hostPort": port}]) for port in PORTS]
    template = {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 0, "containers": held}}
    metadata = {"name": LOAD_BALANCER, "namespace": "kube-system"}
    spec = {"selector": {"matchLabels": app}, "template": template}
    ports = [{"name": f"port-{port}", "port": port} for port in PORTS]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "traefik", "namespace": "kube-system"}}
    objects = [
        {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata, "spec": spec},
        {**service, "spec": {"type": "LoadBalancer", "ports": ports, "selector": app}},
    ]
    with present(objects):
        address = f'{{"status":{{"loadBalancer":{{"ingress":[{{"ip":"{SERVED_AT}"}}]}}}}}}'
        kubectl("patch", "service/traefik", "-n", "kube-system", "--subresource=status", "--type=merge", "-p", address)
        wait_until("the ports of every node are held", lambda: held_on() == 3, seconds=60)
        yield


@pytest.mark.usefixtures("traefik")
def test_an_up_takes_node_ports_and_refuses_a_load_balancer_before_it_waits(nothing: Project, figure):
    """The last of these tests: the mesh that it leaves is the shipped one, for those after it."""
    nothing.set("ingress.service", {"type": "LoadBalancer"})
    started = time.monotonic()
    line = nothing.up().refused("load balancer: ingress.service.type: is LoadBalancer, but k3s servicelb needs ports")
    refusal = time.monotonic() - started
    assert "kube-system/traefik holds ports 80 and 443" in line
    nothing.reset()
    started = time.monotonic()
    said = nothing.must_up().line_with("is auto and becomes NodePort")
    install = time.monotonic() - started
    assert get("service", GATEWAY, f"--namespace={CONTROL}")["spec"]["type"] == "NodePort"
    assert max(refusal, install) < 60
    print(f"{refusal:.1f} s: {line.strip()}\n{install:.1f} s: {said.strip()}")
    figure(f"`auto`: up in {install:.0f} s as NodePort; LoadBalancer: refused after {refusal:.0f} s. {line.strip()}")
