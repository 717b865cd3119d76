"""Start the regular clean-up: python start.py SECONDS. To start it twice does no harm."""

import sys
from datetime import timedelta
from pathlib import Path

from regular import RegularCleanupJob, next_tick

every = timedelta(seconds=float(sys.argv[1]))
first = next_tick(every)
RegularCleanupJob.set(wait_until=first).perform_later(first, every, Path("uploads").resolve())
