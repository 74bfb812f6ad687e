"""Tests are sentences about the customer. What they write to disk is kept in memory where the machine has room for that: a commit
of the memory file waits for the disk, which is right for an operator and two fifths of the time of a test."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

PATIENCE = 300.0  # seconds for something that should happen soon: a busy machine is no defect, and what hangs ends

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux; elsewhere the usual place
_ROOM = 2 << 30  # bytes; a container may have 64 MiB there

if "TMPDIR" not in os.environ and os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > _ROOM:
    os.environ["TMPDIR"] = tempfile.tempdir = str(_IN_MEMORY)  # for child processes, too

gc.set_threshold(100_000, 50, 1000)  # a world in virtual time is many small objects that live as long as its test
