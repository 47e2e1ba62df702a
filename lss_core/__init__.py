"""The core of the LSS reader study: import, grading, reading, statistics.

Research use only; not a medical device.
"""

__version__ = "0.1.0"
