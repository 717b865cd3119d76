"""Topics whose records a share group hands out one by one (KIP-932)."""
