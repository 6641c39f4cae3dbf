"""Prepares Python in every model process of the embedded server, before the model is imported.

The server starts Python isolated (from 3.11 on): it reads no PYTHON* variables and takes text for ASCII, so that
printing a prompt in Japanese would end the model. A .pth file beside the packages imports this module.
"""

from __future__ import annotations

import io
import sys

# A model repository is read, never written: no __pycache__ beside the models.
sys.dont_write_bytecode = True

for stream in (sys.stdout, sys.stderr):
    if isinstance(stream, io.TextIOWrapper):
        # By line, so that what a model prints stands in the log where it happened.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
