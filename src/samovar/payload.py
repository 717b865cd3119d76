"""`samovar.payload`: the wire form of a job, to bytes and back."""

from samovar.job.job_data import dumps, loads

__all__ = ["dumps", "loads"]
