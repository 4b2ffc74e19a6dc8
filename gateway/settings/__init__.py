"""The configuration: read a folder once into frozen `Settings`, or refuse it and say where each fault is."""

from gateway.settings.folder import load
from gateway.settings.models import Database, Listen
from gateway.settings.settings import Overrides, Settings, local_socket

__all__ = ["Database", "Listen", "Overrides", "Settings", "load", "local_socket"]
