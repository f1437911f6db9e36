"""The copied protos are those of the installed libraries."""

from importlib.metadata import files

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from protovalidate._gen.buf.validate import validate_pb as theirs

from buf.validate import validate_pb2 as ours
from tests.architecture.sources import ROOT

COPIES = ROOT / "third_party" / "proto"


def test_validate_proto_is_the_schema_that_the_installed_protovalidate_was_built_from() -> None:
    built, copied = FileDescriptorProto(), FileDescriptorProto()
    built.ParseFromString(theirs.desc().proto.to_binary())
    ours.DESCRIPTOR.CopyToProto(copied)
    for file in (built, copied):
        # Names for Go, Java and C#, which their build fills in.
        file.ClearField("options")
    assert copied == built


def test_a_copy_of_googles_is_the_wheels() -> None:
    wheel = {file.as_posix(): file for file in files("googleapis-common-protos") or ()}
    differ = [
        name
        for copy in COPIES.glob("google/**/*.proto")
        if copy.read_bytes() != wheel[name := copy.relative_to(COPIES).as_posix()].read_binary()
    ]
    assert not differ


def test_googles_messages_are_not_made_a_second_time() -> None:
    assert not (ROOT / "generated" / "google").exists()
