"""The demo's small company: who works there, and what it has been through with its customers in the last weeks.

The words are data (the TOML files here), all of them made up; numbers are of the range kept for fiction (555-0100 to
555-0199). They go through the same actions as anybody's, so that the demo's database proves what every other does.
"""

from gateway.cli.company.founding import Desk, found
from gateway.cli.company.plan import Plan, make_plan

__all__ = ["Desk", "Plan", "found", "make_plan"]
