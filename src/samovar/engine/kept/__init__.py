"""Compacted topics that one process of a group owns at a time. Read `keeper.py` first."""
