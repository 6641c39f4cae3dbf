"""Tells, as JSON, what this interpreter is and whether the embedded server can be made with it."""

from __future__ import annotations

import importlib
import json
import platform
import sys
import sysconfig


def imports(name: str) -> bool:
    """Whether a module of the standard library is there: distributions split some of them off."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def main() -> None:
    """Print the facts on one line."""
    facts = {
        "implementation": sys.implementation.name,
        "version": list(sys.version_info[:3]),
        "system": platform.system(),
        "machine": platform.machine(),
        "glibc": platform.libc_ver()[1],
        "basePrefix": sys.base_prefix,
        "libraryFolder": sysconfig.get_config_var("LIBDIR") or "",
        "venv": imports("venv"),
        "ensurepip": imports("ensurepip"),
    }
    print(json.dumps(facts))


main()
