"""Print the versions of Python and of the libraries that the tools use, as JSON; fail where one is missing."""

from __future__ import annotations

import json
import platform
from importlib import metadata

USED = ("diffusers", "numpy", "nvidia-modelopt", "onnx", "onnxruntime", "onnxscript", "torch", "transformers")


def main() -> None:
    """Command line."""
    versions = {name: metadata.version(name) for name in USED}
    print(json.dumps({"python": platform.python_version(), **versions}))


if __name__ == "__main__":
    main()
