"""The plugin of the guard, started as the engine starts it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

ROOT = Path(__file__).parents[4]
PLUGIN = "components/guard/pulumi-resource-pi-mesh"
RECORDED = {"context": "gone", "cluster": "", "workloads": False, "removal": False} | {
    name: [] for name in ("deleted", "retained", "releases", "revisions", "tags")
}


@pytest.fixture(scope="module")
def engine() -> Iterator[ResourceProviderStub]:
    """Yield the engine's side of a running plugin, on a machine without a kubeconfig."""
    command = [ROOT / PLUGIN, "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"KUBECONFIG": "/nonexistent"}) as plugin:
        assert plugin.stdout
        with grpc.insecure_channel(f"127.0.0.1:{plugin.stdout.readline().strip()}") as channel:
            yield ResourceProviderStub(channel)
        plugin.terminate()


@pytest.fixture
def inputs() -> Struct:
    return ParseDict(RECORDED, Struct())


def test_it_keeps_what_the_program_gives_it_and_a_refresh_finds_it_as_it_was(engine, inputs):
    assert engine.Check(messages.CheckRequest(news=inputs)).inputs == inputs
    created = engine.Create(messages.CreateRequest(urn="urn:pulumi:a::b::c::destroy-guard", properties=inputs))
    assert (created.id, created.properties) == ("destroy-guard", inputs)
    assert engine.Update(messages.UpdateRequest(news=inputs)).properties == inputs
    read = engine.Read(messages.ReadRequest(id="destroy-guard", properties=inputs, inputs=inputs))
    assert (read.id, read.properties) == ("destroy-guard", inputs)
    # The comparison is left to the engine.
    assert engine.Diff(messages.DiffRequest(olds=inputs, news=inputs)).changes == messages.DiffResponse.DIFF_UNKNOWN


def test_a_refusal_is_the_error_of_the_deletion(engine, inputs):
    urn = "urn:x::pi-mesh:destroy:Guard::destroy-guard"
    with pytest.raises(grpc.RpcError) as refused:
        engine.Delete(messages.DeleteRequest(id="destroy-guard", urn=urn, properties=inputs))
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "no kubeconfig in /nonexistent; `export KUBECONFIG=FILE`" in refused.value.details()


def test_without_the_virtual_environment_it_names_it(tmp_path):
    (tmp_path / PLUGIN).parent.mkdir(parents=True)
    shutil.copy(ROOT / PLUGIN, tmp_path / PLUGIN)
    done = subprocess.run([tmp_path / PLUGIN], capture_output=True, text=True)
    assert (done.returncode, f"needs {tmp_path}/.venv" in done.stderr) == (1, True)


def test_a_preview_pays_for_neither_pulumis_sdk_nor_the_settings():
    code = "import sys, components.guard.service; print({'pulumi.output', 'pydantic'} & {*sys.modules})"
    done = subprocess.run([ROOT / ".venv/bin/python", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
