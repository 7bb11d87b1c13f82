"""The errors of sources that do not provide a chart, one line each."""

import httpx2 as httpx
import pytest

from operations.charts import sources
from operations.charts.sources import ChartUnavailableError, read_chart
from tests.support.chart_servers import serving


@pytest.fixture
def server():
    with serving() as server:
        yield server


def test_a_directory_without_the_chart_names_the_file(tmp_path):
    with pytest.raises(ChartUnavailableError, match=r"base-1\.31\.0\.tgz: No such file"):
        read_chart(str(tmp_path), "base", "1.31.0")


def test_a_registry_without_the_chart_names_its_answer(server):
    with pytest.raises(ChartUnavailableError, match=r"manifests/1\.31\.0 answers 404"):
        read_chart(server.registry, "base", "1.31.0")


def test_a_repository_without_an_index_names_its_answer(server):
    with pytest.raises(ChartUnavailableError, match=r"index\.yaml answers 404"):
        read_chart(f"http://{server.host}/elsewhere", "base", "1.31.0")


def test_an_index_that_is_none_is_told(server, monkeypatch):
    monkeypatch.setattr(server, "index", lambda: "- not an index")
    with pytest.raises(ChartUnavailableError, match="gives an unreadable answer"):
        read_chart(server.repository, "base", "1.31.0")


def test_a_source_that_does_not_answer_is_told():
    with pytest.raises(ChartUnavailableError, match="does not answer"):
        read_chart("http://127.0.0.1:1", "base", "1.31.0")


@pytest.mark.parametrize(
    "challenge", ["", 'Basic realm="https://login.example"', 'Bearer realm="http://login.example"']
)
def test_a_registry_that_asks_for_more_than_an_anonymous_token_over_https_needs_a_login(challenge):
    request = httpx.Request("GET", "https://registry.example/v2/")
    refused = httpx.Response(401, headers={"WWW-Authenticate": challenge}, request=request)
    with pytest.raises(ChartUnavailableError) as error:
        sources._token(httpx.Client(), refused)
    assert str(error.value) == f"registry.example {sources.LOGIN}"
