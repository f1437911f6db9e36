"""Risk on the wire: between protobuf messages and the domain."""
