"""The dashboard looks at the department at work."""

from tests.department import book, customer, desk, open_ticket, work_off

__all__ = ["book", "customer", "desk", "open_ticket", "work_off"]
