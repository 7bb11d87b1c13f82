"""The errors of sources that do not provide a chart, one line each."""

import httpx2 as httpx
import pytest

from operations.charts import sources
from operations.charts.sources import ChartUnavailableError, read_chart
from tests.support.chart_servers import serving


@pytest.fixture(scope="module")
def server():
    with serving() as server:
        yield server


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("/nowhere", r"base-1\.2\.3\.tgz: No such file"),
        ("{registry}", r"manifests/1\.2\.3 answers 404"),
        ("http://{host}/elsewhere", r"index\.yaml answers 404"),
        ("{repository}", "gives an unreadable answer"),
        ("http://127.0.0.1:1", "does not answer"),
    ],
)
def test_a_source_without_the_chart_is_told_with_its_answer(server, monkeypatch, source, says):
    monkeypatch.setattr(server, "index", lambda: "- not an index")
    address = source.format(registry=server.registry, repository=server.repository, host=server.host)
    with pytest.raises(ChartUnavailableError, match=says):
        read_chart(address, "base", "1.2.3")


@pytest.mark.parametrize(
    "challenge", ["", 'Basic realm="https://login.example"', 'Bearer realm="http://login.example"']
)
def test_a_registry_that_asks_for_more_than_an_anonymous_token_over_https_needs_a_login(challenge):
    request = httpx.Request("GET", "https://registry.example/v2/")
    refused = httpx.Response(401, headers={"WWW-Authenticate": challenge}, request=request)
    with pytest.raises(ChartUnavailableError) as error:
        sources._token(httpx.Client(), refused)
    assert str(error.value) == f"registry.example {sources.LOGIN}"
