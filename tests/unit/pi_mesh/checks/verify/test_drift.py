"""What a verification says of objects that Helm owns."""

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import run
from pi_mesh.checks.verify.input import VerificationInput
from tests.support.healthy_mesh import found, owned, problems


def test_an_edited_object_of_a_release_is_a_problem(healthy):
    (problem,) = problems(found(healthy, pairs=(healthy.observed.pairs[0], owned(1, 0))))
    assert "Deployment istio-system/istiod: was changed: spec.replicas: 0, not 1" in problem


def test_a_deleted_object_of_a_release_is_a_problem(healthy):
    (problem,) = problems(found(healthy, pairs=(healthy.observed.pairs[0], owned(1, None))))
    assert "of release istio-system/istiod is gone" in problem


def test_drift_is_either_a_problem_or_said_to_be_none(healthy):
    def calm(facts: VerificationInput) -> bool:
        return any(f.id == "drift of releases" and f.level is Level.OK for f in run(facts))

    assert calm(healthy)
    assert not calm(found(healthy, pairs=(healthy.observed.pairs[0], owned(1, 0))))
