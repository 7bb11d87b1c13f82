"""The images that the lab's nodes run."""

from lab.toolchain import images
from lab.toolchain.charts import VERSIONS


def test_pilot_and_proxy_bear_the_tag_of_every_version_of_the_charts():
    assert images._references("pilot") == tuple(f"docker.io/istio/pilot:{version}" for version in VERSIONS)
