"""What happens at times rather than when somebody asks. Alarm clocks all: they call actions and hold no truth."""

from gateway.scheduler.bookings import AlarmClock
from gateway.scheduler.housekeeping import Housekeeping
from gateway.scheduler.indexer import Indexer
from gateway.scheduler.nodes import Nodes

__all__ = ["AlarmClock", "Housekeeping", "Indexer", "Nodes"]
