"""Reflection, for grpcurl and `buf curl`: the contract of what is served, told to those who may know."""

from collections.abc import Sequence

from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from servers.mesh.contract import HEALTH_SERVICE
from servers.mesh.routes import Routes


def add_reflection(routes: Routes, services: Sequence[str]) -> None:
    """Serves the descriptors of these services, of health and of reflection itself."""
    servicer = reflection.aio.ReflectionServicer([*services, HEALTH_SERVICE, reflection.SERVICE_NAME])
    routes.add(reflection_pb2_grpc.add_ServerReflectionServicer_to_server, servicer)
