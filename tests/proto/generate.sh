#!/bin/sh
# Makes tests/generated from tests/proto, from the root of the repository.
set -eu
out=tests/generated
rm -rf "$out/nectary"
mkdir -p "$out"
python -m grpc_tools.protoc -Itests/proto -Iproto -Ithird_party/proto \
    --python_out="$out" --grpc_python_out="$out" \
    --mypy_out=quiet:"$out" --mypy_grpc_out=quiet,only_async:"$out" \
    tests/proto/nectary/testing/v1/echo_service.proto
