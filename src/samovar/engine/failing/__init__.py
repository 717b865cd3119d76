"""What becomes of records that fail, up to the dead letters and back. Read `recovery.py` first."""
