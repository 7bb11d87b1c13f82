"""The gRPC server of the Pulumi plugin `pi-mesh`, the provider of the destroy guard and the destroy drain.

Of Pulumi it imports the protocol alone. `import pulumi` would take each preview another 0.17 s of CPU.
"""

import os
import sys
import time
from concurrent import futures
from types import ModuleType

import grpc


def _without_init(*packages: str) -> None:
    """Make packages, installed beside grpc, importable from without running what they import themselves."""
    installed = os.path.dirname(os.path.dirname(grpc.__file__))  # noqa: PTH120 - pathlib takes 10 ms to import
    for name in packages:
        package = ModuleType(name)
        package.__path__ = [f"{installed}/{name.replace('.', '/')}"]
        sys.modules[name] = package


if "pulumi" not in sys.modules:
    _without_init("pulumi", "pulumi.runtime", "pulumi.runtime.proto")

from google.protobuf.empty_pb2 import Empty  # noqa: E402
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc  # noqa: E402

LOOK = 1.0
"""Seconds between two looks whether the engine still runs; a killed one leaves no plugin behind."""


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider of both. The engine itself finds changes: an answer without a verdict leaves that to it.

    The protocol's other methods are optional (provider_plugin.go of pulumi/pulumi).
    """

    def GetPluginInfo(self, request, context):  # noqa: ARG002, N802 - the protocol's
        return plugin_pb2.PluginInfo(version="1.0.0")

    def Configure(self, request, context):  # noqa: ARG002, N802
        return provider_pb2.ConfigureResponse()

    def Check(self, request, context):  # noqa: ARG002, N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):  # noqa: ARG002, N802
        return provider_pb2.DiffResponse()

    def Create(self, request, context):  # noqa: ARG002, N802
        return provider_pb2.CreateResponse(id=request.urn.rpartition("::")[2], properties=request.properties)

    def Read(self, request, context):  # noqa: ARG002, N802
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Update(self, request, context):  # noqa: ARG002, N802
        return provider_pb2.UpdateResponse(properties=request.news)

    def Delete(self, request, context):  # noqa: N802
        """Act for the guard or the drain; an error refuses the deletion, and with it the destroy."""
        # Imported here, because only a destroy needs them.
        from google.protobuf.json_format import MessageToDict

        from pi_mesh.checks import destroy

        if refusal := destroy.deletion_refusal(request.urn, MessageToDict(request.properties)):
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, refusal)
        left = [value.string_value for value in request.properties.fields["left"].list_value.values]
        if left and sys.argv[1:]:  # the address of the engine
            text = "\n  ".join(["A destroy leaves in the cluster:", *left])
            log = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=request.urn)
            engine_pb2_grpc.EngineStub(grpc.insecure_channel(sys.argv[1])).Log(log)
        return Empty()


def main() -> None:
    """Serve until the engine ends."""
    engine = os.getppid()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while os.getppid() == engine:
        time.sleep(LOOK)


if __name__ == "__main__":
    main()
