"""Faults that no server produces on request: a proxy in front of a real server, scripted by each test."""

from __future__ import annotations

from tests.faults.messages import Record, Request
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Rule
from tests.faults.soon import Soon

__all__ = ["FaultProxy", "Record", "Request", "Rule", "Soon"]
