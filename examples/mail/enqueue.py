"""Welcome everybody who is named: python enqueue.py ada@example.com grace@example.com"""

import sys

from jobs import WelcomeMailJob

for address in sys.argv[1:]:
    name = address.partition("@")[0].title()
    WelcomeMailJob.perform_later(address, name)
