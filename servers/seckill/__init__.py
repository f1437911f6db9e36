"""The edges of Seckill: gRPC above, gate and SQL below."""
