"""Between protobuf messages and the domain: nothing else knows both."""
