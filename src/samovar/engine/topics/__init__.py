"""The topics that there are, against those that are declared. Read `existing.py` first."""
