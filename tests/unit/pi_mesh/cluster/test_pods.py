"""The parts of an image's name."""

import pytest

from pi_mesh.cluster import pods

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("image", "program", "version"),
    [
        ("pilot", "pilot", ""),
        ("docker.io/istio/pilot:1.31.0", "pilot", "1.31.0"),
        ("docker.io/istio/proxyv2:1.31.0-distroless", "proxyv2", "1.31.0"),
        ("registry.example:5000/kube-vip/kube-vip-cloud-provider:v0.0.12", "kube-vip-cloud-provider", "v0.0.12"),
        ("registry.example:5000/pilot", "pilot", ""),
        (f"docker.io/istio/pilot:1.31.0@{DIGEST}", "pilot", "1.31.0"),
        (f"registry.example:5000/pilot@{DIGEST}", "pilot", ""),
        ("", "", ""),
    ],
)
def test_an_image_has_a_program_and_perhaps_a_version(image, program, version):
    assert (pods.image_program(image), pods.image_version(image)) == (program, version)
