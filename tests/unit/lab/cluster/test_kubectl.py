"""kubectl of the lab, which touches no other cluster."""

import pytest

from lab.cluster import kubectl
from lab.cluster.shell import LabError


def test_the_labs_kubectl_refuses_a_kubeconfig_with_another_server(authority, tmp_path, monkeypatch):
    del authority  # only its file matters
    foreign = tmp_path / "kubeconfig"
    foreign.write_text('{"clusters": [{"cluster": {"server": "https://10.0.0.7:6443"}}]}')
    monkeypatch.setattr(kubectl, "KUBECONFIG", foreign)
    with pytest.raises(LabError, match=r"https://10\.0\.0\.7:6443 is not the local cluster"):
        kubectl.kubectl("get", "nodes")
