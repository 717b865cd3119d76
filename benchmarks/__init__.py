"""What Samovar costs: beside the bare client libraries, and beside its peers."""
