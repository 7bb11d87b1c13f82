"""The measurement of the footprint: the settings of its series, and the wait until all rests."""

import pytest

from lab.bench import footprint, many_services
from lab.bench.other_settings import SHIPPED, changed
from lab.cluster.shell import LabError
from pi_mesh.settings.stack_file import load_file


class Worker:
    """A container that takes a whole core for so many seconds, and then rests."""

    def __init__(self, clock: list[float], seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    @property
    def cpu(self) -> float:
        return min(self.clock[0], self.seconds)


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(footprint.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(footprint.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


@pytest.fixture
def settings(tmp_path):
    def load(changes):
        file = tmp_path / SHIPPED.name
        file.write_text(changed(SHIPPED.read_text(), changes))
        return load_file(file)

    return [load(changes) for changes in footprint.meshes().values()]


def test_discovery_selectors_leave_out_the_many_services_and_keep_both_sidecars(settings):
    everything, limited = (one.watched_namespaces for one in settings)
    assert everything is None
    assert {footprint.SCOPED.namespace, footprint.UNSCOPED.namespace} <= {*limited}
    assert many_services.NAMESPACE not in limited


def test_no_measured_container_has_the_limit_that_thousands_of_services_exceed(settings):
    for one in settings:
        profiles = (one.istio.resources, one.proxy.resources, one.ingress.resources, one.egress.resources)
        assert {str(profile.limits.memory) for profile in profiles} == {"1Gi"}


def test_istiod_starts_anew_before_the_gateway_which_asks_it_for_its_configuration(monkeypatch):
    ran = []
    monkeypatch.setattr(footprint, "kubectl", lambda *words: ran.append((words[0], words[3])))
    footprint._start_anew()
    assert ran == [
        ("delete", "--selector=app=istiod"),
        ("rollout", "deployment/istiod"),
        ("delete", "--selector=istio=ingressgateway"),
        ("rollout", "deployment/istio-ingressgateway"),
    ]


def test_the_wait_lasts_until_the_last_container_rests(clock):
    parts = {"istiod": Worker(clock, 10), "sidecar": Worker(clock, 50)}
    assert footprint._rest(parts) == {"istiod": 10, "sidecar": 50}
    assert clock[0] == 75


def test_containers_that_never_rest_are_an_error(clock):
    with pytest.raises(LabError, match="is the machine quiet"):
        footprint._rest({"istiod": Worker(clock, 10_000)})
