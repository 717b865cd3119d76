"""Recurring tasks, kept in a topic. Read `recurrence.py` first."""
