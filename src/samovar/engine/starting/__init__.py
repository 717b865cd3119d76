"""What a worker says at its start. Read `report.py` first."""
