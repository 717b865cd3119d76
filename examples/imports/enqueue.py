"""Import a file: python enqueue.py customers.csv"""

import sys
from pathlib import Path

from jobs import ImportCustomersJob

ImportCustomersJob.perform_later(Path(sys.argv[1]).resolve())
