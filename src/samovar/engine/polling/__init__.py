"""From the broker to the executors: what a listener takes, holds back, marks and gives up.

Read `listener.py` first.
"""
