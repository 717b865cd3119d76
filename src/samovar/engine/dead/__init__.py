"""What failed for good: found in the dead letter topics, put back, or given up."""
