"""The question to all proxies before each step to another root."""

import json
from pathlib import Path

import pytest

from lab.cluster.waiting import wait_until
from pi_mesh.certificates import pem
from tests.live.vault.mesh import issued, roots
from tests.live.vault.trust import proxies
from tests.support import authorities
from tests.support.project import STACK_FILE, Project

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("environment")]


@pytest.fixture
def new_ca(tmp_path: Path) -> tuple[authorities.Authority, tuple[str, ...]]:
    """Return the root of a CA in two files, and the options that name them."""
    root = authorities.make_root("Another root")
    signing = authorities.make_ca("Another CA", root)
    (tmp_path / "chain.pem").write_text(signing.pem + root.pem)
    (tmp_path / "key.pem").write_text(signing.key)
    return root, ("--chain", str(tmp_path / "chain.pem"), "--key", str(tmp_path / "key.pem"))


def test_the_old_root_signs_on_while_a_proxy_does_not_trust_the_new_one(alone: Project, new_ca):
    # The shipped mesh's gateways learn of a new root with their next certificate, in an hour.
    alone.must_hold_the_shipped_mesh()
    root, options = new_ca
    signer = pem.certificates(roots(), "the mesh")[0]
    try:
        findings = _refused(alone, options)
        assert "not all trust" in findings["message"]
        assert "istio-system/istio-ingressgateway" in findings["message"]
        assert {proxy.pod.split("/")[0] for proxy in proxies()} == {"istio-system"}
        assert all(proxy.roots == (signer,) for proxy in proxies())
        wait_until("both roots", lambda: set(pem.certificates(roots(), "the mesh")) == {signer, root.certificate})
        assert issued().verifies((signer,))
        stack_file = (alone.folder / STACK_FILE).read_text()
        assert "alsoTrust" in stack_file
        assert "caKey" not in stack_file
        assert _refused(alone, options)["message"] == findings["message"]
    finally:
        alone.must_hold_nothing()


def _refused(mesh: Project, options: tuple[str, ...]) -> dict:
    """Return the one error of a change of root with --wait 0."""
    outcome = mesh.operation("rotate-ca", "--yes", "--root", *options, "--wait", "1", "--json")
    assert outcome.status == 1, outcome.output
    (finding,) = [one for one in json.loads(outcome.output.splitlines()[-1])["findings"] if one["level"] == "error"]
    return finding
