"""The errors of sources that do not provide a chart, one line each."""

import httpx2 as httpx
import pytest

from operations.charts import lock
from operations.charts.lock import ChartUnavailableError, read_chart
from tests.support.chart_servers import serving
from tests.support.findings import case, table


@pytest.fixture(scope="module")
def server():
    with serving() as server:
        yield server


@pytest.mark.parametrize(("source", "says"), [
    ("/nowhere", r"base-1\.2\.3\.tgz: No such file"),
    ("{registry}", r"manifests/1\.2\.3 answers 404"),
    ("http://{host}/elsewhere", r"index\.yaml answers 404"),
    ("{repository}", "gives an unreadable answer"),
    ("http://127.0.0.1:1", "does not answer"),
])  # fmt: skip
def test_a_source_without_the_chart_is_told_with_its_answer(server, monkeypatch, source, says):
    monkeypatch.setattr(server, "index", lambda: "- not an index")
    address = source.format(registry=server.registry, repository=server.repository, host=server.host)
    with pytest.raises(ChartUnavailableError, match=says):
        read_chart(address, "base", "1.2.3")


@pytest.mark.parametrize("challenge", ["", 'Basic realm="https://a.example"', 'Bearer realm="http://a.example"'])
def test_a_registry_that_asks_for_more_than_an_anonymous_token_over_https_needs_a_login(challenge):
    request = httpx.Request("GET", "https://registry.example/v2/")
    refused = httpx.Response(401, headers={"WWW-Authenticate": challenge}, request=request)
    with pytest.raises(ChartUnavailableError) as error:
        lock._token(httpx.Client(), refused)
    assert str(error.value) == f"registry.example {lock.LOGIN}"


HOST, CHART = "charts.example", "base-1.2.3.tgz"


@pytest.fixture
def fetched(monkeypatch):
    """Return `fetched(answers, source)`: the chart, where each URL answers so."""
    client = httpx.Client

    def run(answers: dict[str, httpx.Response], source: str = f"https://{HOST}") -> bytes:
        transport = httpx.MockTransport(lambda request: answers[str(request.url)])
        monkeypatch.setattr(httpx, "Client", lambda **options: client(transport=transport, **options))
        return read_chart(source, "base", "1.2.3")

    return run


def index(url: str) -> httpx.Response:
    return httpx.Response(200, text=f"entries: {{base: [{{version: 1.2.3, urls: ['{url}']}}]}}")


def moved(url: str) -> httpx.Response:
    return httpx.Response(302, headers={"Location": url})


INDEX, PLAIN, GOOD = f"https://{HOST}/index.yaml", f"http://{HOST}/{CHART}", httpx.Response(200, content=b"chart")


@table(
    case("an address in the index", {INDEX: index(PLAIN), PLAIN: GOOD}),
    case("a redirect of the index", {INDEX: moved(PLAIN), PLAIN: index(CHART), f"https://{HOST}/{CHART}": GOOD}),
    case("a redirect of the chart", {INDEX: index(CHART), f"https://{HOST}/{CHART}": moved(PLAIN), PLAIN: GOOD}),
)
def test_a_source_that_leaves_https_is_refused(fetched, answers):
    with pytest.raises(ChartUnavailableError, match="where the source leads, and it is not encrypted"):
        fetched(answers)


def test_a_redirect_to_another_https_address_is_followed(fetched):
    other = "https://files.example/x"
    assert fetched({INDEX: index(CHART), f"https://{HOST}/{CHART}": moved(other), other: GOOD}) == b"chart"


def test_an_answer_that_is_too_large_for_a_chart_is_not_read_to_its_end(fetched, monkeypatch):
    monkeypatch.setattr(lock, "LARGEST", 2**20)
    large = httpx.Response(200, content=(b"x" * 2**16 for _ in range(10**9)))
    with pytest.raises(ChartUnavailableError, match="sends more than 1 MiB, which is no chart"):
        fetched({INDEX: large})
