"""The one plugin of `buf.gen.yaml`: makes the Python modules and their type stubs.

grpcio-tools hides its generators in its own protoc, where buf cannot call them (grpc/grpc#26125). This
shim reads buf's request on standard input, hands the descriptors to that protoc and sends back the
files that it wrote.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

# Servers and clients are grpc.aio only, and only the async-only stubs pass `mypy --strict`.
GENERATORS = ("--python_out=", "--grpc_python_out=", "--mypy_out=quiet:", "--mypy_grpc_out=quiet,only_async:")


def generate(request: CodeGeneratorRequest) -> CodeGeneratorResponse:
    """The files of `request`, or an answer whose `error` says that protoc failed."""
    response = CodeGeneratorResponse(supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL)
    with_service = {module_of(file.name) for file in request.proto_file if file.service}
    with tempfile.TemporaryDirectory() as folder:
        descriptors, out = Path(folder, "in.binpb"), Path(folder, "out")
        descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
        out.mkdir()
        outputs = [f"{generator}{out}" for generator in GENERATORS]
        arguments = ["protoc", f"--descriptor_set_in={descriptors}", *outputs, *request.file_to_generate]
        if exit_code := protoc.main(arguments):
            response.error = f"grpc_tools.protoc exited {exit_code}"
        for path in sorted(out.rglob("*.py*")):
            made = path.relative_to(out).as_posix()
            # A file of nouns has no service: its gRPC module would be empty.
            if "_pb2_grpc" not in made or made.partition("_pb2_grpc")[0] in with_service:
                response.file.add(name=made, content=path.read_text())
    for package in sorted({name.partition("/")[0] for name in request.file_to_generate}):
        response.file.add(name=f"{package}/py.typed", content="# This package carries its types.\n")
    return response


def module_of(proto: str) -> str:
    return proto.removesuffix(".proto")


if __name__ == "__main__":
    answer = generate(CodeGeneratorRequest.FromString(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(answer.SerializeToString())
