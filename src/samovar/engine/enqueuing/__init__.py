"""From a job to a record in the log. Read `adapter.py` first."""
