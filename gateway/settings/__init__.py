"""The configuration: read a folder once into frozen `Settings`, or refuse it and say where each fault is."""

from gateway.settings.addresses import Listen
from gateway.settings.folder import load
from gateway.settings.settings import Overrides, Settings
from gateway.settings.storage import Database

__all__ = ["Database", "Listen", "Overrides", "Settings", "load"]
