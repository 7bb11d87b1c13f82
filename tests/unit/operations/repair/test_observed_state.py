"""The observed state of a stack: what an operation reads before it repairs or adopts."""

import pytest

from operations import pulumi
from operations.repair import observed_state
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.cluster.errors import WrongContext
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import parse_any
from pi_mesh.vault import VaultError
from tests.support.factories import STACK, make_settings
from tests.support.snapshots import make_snapshot

CA_ALONE = parse_any({"vault": {"enabled": True, "address": "https://vault.example:8200"}})
STATE = {"deployment": {"resources": []}}


@pytest.fixture
def read(monkeypatch):
    """Return `read(settings, ...)`: the situation, with these engines at work and this answer of Vault."""

    def of(settings, engines=(), backend="file:///state", vault=None, cluster=None):
        def find(*_):
            if isinstance(vault, Exception):
                raise vault
            return vault

        monkeypatch.setattr(pulumi, "backend", lambda: backend)
        monkeypatch.setattr(pulumi, "export", lambda _: STATE)
        monkeypatch.setattr(observed_state.snapshot, "read", lambda _: cluster or make_snapshot())
        monkeypatch.setattr(observed_state.lost_ca, "find", find)
        monkeypatch.setattr(observed_state.processes, "orphans", lambda _: ["orphan"])
        monkeypatch.setattr(observed_state.processes, "engines", lambda _: list(engines))
        return observed_state.read(STACK, settings)

    return of


def test_all_of_it_is_read_once(read):
    now = read(make_settings())
    assert (now.stack, now.state, now.backend, now.orphans) == (STACK, STATE, "file:///state", ("orphan",))
    assert now.snapshot == make_snapshot()


@pytest.mark.parametrize(
    ("backend", "engines", "run_is_over"),
    [("file:///state", (), True), ("file:///state", ("pulumi",), False), ("https://api.example", (), False)],
)
def test_a_run_is_over_only_where_locks_are_seen_and_no_engine_works(read, backend, engines, run_is_over):
    now = read(make_settings(), engines, backend)
    assert now.run_is_over is run_is_over
    assert now.locks_known is backend.startswith("file://")


@pytest.mark.parametrize("problem", [VaultError("is sealed"), CertificateError("is no certificate")])
def test_a_vault_without_an_answer_leaves_the_rest_to_be_repaired(read, problem):
    now = read(make_settings(), vault=problem)
    assert (now.lost_ca, now.vault_unknown) == (None, str(problem))


def test_a_lost_ca_is_told(read):
    now = read(make_settings(), vault="a lost CA")
    assert (now.lost_ca, now.vault_unknown) == ("a lost CA", "")


def test_a_stack_of_a_ca_alone_has_no_cluster(read):
    now = read(CA_ALONE, cluster="not to be read")
    assert now.snapshot == Snapshot()
    assert now.context == ""


def test_another_cluster_than_the_stacks_is_refused(read, monkeypatch):
    def require(*_):
        raise WrongContext("another cluster")

    monkeypatch.setattr(observed_state.identity, "require", require)
    with pytest.raises(WrongContext):
        read(make_settings())
