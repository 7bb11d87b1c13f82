"""The fixture that runs the whole program."""

from collections.abc import Callable, Iterator

import pytest

from components import mesh
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import parse
from tests.support.factories import raw_settings
from tests.support.recorder import Recording, record
from tests.support.vault_program import KEYLESS


@pytest.fixture(scope="module")
def deployed() -> Iterator[Callable[..., Recording]]:
    """Yield `deployed(snapshot, **overrides)`: the resources of the program on such a cluster.

    Without a snapshot it is a preview of a cluster that does not answer; `state`: the stack's state before the run;
    `program`: what is called with the settings in place of this project's program.
    """

    def gone(*_: object, **__: object) -> None:
        raise ClusterUnreachable("cluster 'test' does not answer")

    def run(
        snapshot: Snapshot | None = None,
        state: dict | None = None,
        program: Callable[[dict], object] = lambda settings: mesh.deploy(parse(settings)),
        **overrides: object,
    ) -> Recording:
        patch.setattr("pi_mesh.cluster.snapshot.read", (lambda *_, **__: snapshot) if snapshot else gone)
        settings = raw_settings(**overrides)
        return record(lambda: program(settings), preview=not snapshot, state=state or {}, outputs=KEYLESS)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pi_mesh.cluster.load_balancers.read_exposure", gone)
        yield run
