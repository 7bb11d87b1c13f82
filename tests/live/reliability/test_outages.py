"""A cluster that loses its API server or a node while a run is under way; and runs that change nothing."""

import pytest

from lab.cluster.faults import api_server_down, start_node, stop_node
from tests.live.reliability.looking import has, releases, revisions
from tests.support.project import wait_for

pytestmark = pytest.mark.long


@pytest.mark.row(15)
def test_an_api_server_that_goes_down_in_the_middle(empty, told):
    run = empty.start_up()
    wait_for("istiod in the middle of its install", has("istiod", "pending-install"))
    with api_server_down():
        assert run.wait(timeout=300) != 0
    empty.operation("repair", "--yes").must()
    empty.must_up()
    empty.operation("verify").must()
    told(
        run.returncode,
        "the release that was under way fails",
        "`python -m operations repair -s STACK --yes`, `pulumi up`",
    )


@pytest.mark.row(24)
def test_a_node_that_is_lost_in_the_middle(empty, told):
    run = empty.start_up()
    wait_for("istio-base deployed", has("istio-base", "deployed"))
    stop_node("pi-3")
    status = run.wait(timeout=600)
    # Whether istiod was there before its node went is chance: a first install needs all nodes, an installed mesh not.
    installed = "istiod" in releases()
    again = empty.up()
    assert (again.status == 0) == installed
    start_node("pi-3")
    empty.operation("repair", "--yes").must()
    empty.must_up()
    empty.operation("verify").must()
    told(status, again.line_with("at least 3 needed"), "`pulumi up` when the node is back")


@pytest.mark.row(44)
def test_a_second_up_makes_no_new_revision(whole):
    before = revisions()
    whole.must_up("--expect-no-changes")
    assert revisions() == before
    assert set(releases().values()) == {"deployed"}
