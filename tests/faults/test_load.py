"""More than usual, and the same again: a flood of webhooks, one message many times at once, a number nobody knows."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.faults.desk import BASE, Answer, Desk

from tests.gateway_process import GatewayProcess
from tests.standins.twilio_api import new_sid
