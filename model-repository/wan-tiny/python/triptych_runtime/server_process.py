"""The Triton process that a model runs in: who it is, and what it says of its models.

``pb_utils.is_model_ready`` is false from the moment an unload begins, so it cannot tell when the memory is free. The
server's repository index can: a model is UNLOADING until it is gone.
"""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

DEFAULT_HTTP_PORT = 8000
TIMEOUT_S = 10.0


def server_arguments() -> list[str]:
    """Arguments of the Triton that this process was started by."""
    pid = os.getppid()
    while pid > 1:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        if Path(arguments[0]).name == "tritonserver":
            return arguments
        # A shell may stand between the server and this process.
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        pid = int(status.rpartition(")")[2].split()[1])
    raise RuntimeError("this process was not started by tritonserver")


def http_port(arguments: list[str]) -> int:
    """Port of the server's HTTP endpoint, from its arguments."""
    for index, word in enumerate(arguments):
        if word.startswith("--http-port="):
            return int(word.partition("=")[2])
        if word == "--http-port" and index + 1 < len(arguments):
            return int(arguments[index + 1])
    return DEFAULT_HTTP_PORT


def model_states(port: int) -> dict[str, str]:
    """State of every model of the repository: READY, LOADING, UNLOADING or UNAVAILABLE."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v2/repository/index",
        data=b"{}",
        # A connection that is kept would hold up the server's exit.
        headers={"Content-Type": "application/json", "Connection": "close"},
    )
    # No proxy of the environment has a say in a call to oneself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=TIMEOUT_S) as response:
        rows: list[dict[str, Any]] = json.load(response)
    return {row["name"]: row.get("state", "UNAVAILABLE") for row in rows}
