"""The edges: gRPC above, adapters below."""
