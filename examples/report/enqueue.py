"""The report of a month: python enqueue.py 2026-10"""

import sys
from datetime import date

from jobs import MonthlyReportJob

MonthlyReportJob.perform_later(date.fromisoformat(f"{sys.argv[1]}-01"))
