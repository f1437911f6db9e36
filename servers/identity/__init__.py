"""The edges of Identity: gRPC above, SQL below."""
