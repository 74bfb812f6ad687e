"""Tests are sentences about the customer. What they write to disk is kept in memory where the machine has room for that: a commit
of the memory file waits for the disk, which is right for an operator and two fifths of the time of a test."""

import os
import tempfile
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux; elsewhere the usual place

if "TMPDIR" not in os.environ and os.access(_IN_MEMORY, os.W_OK):
    os.environ["TMPDIR"] = tempfile.tempdir = str(_IN_MEMORY)  # for child processes, too
