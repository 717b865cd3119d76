"""The work of one partition while it is ours. Read `coordinator.py` first."""
