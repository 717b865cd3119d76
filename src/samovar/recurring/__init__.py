"""Jobs that come again and again: what recurs and when, and who remembers what was fired."""
