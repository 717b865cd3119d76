"""Jobs that wait for their time in a compacted topic, where the log itself holds none."""
