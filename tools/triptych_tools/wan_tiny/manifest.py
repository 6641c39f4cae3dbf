"""Write ``manifest.json`` of ``models/wan-tiny``, by which a repository knows a wrong file.

``python -m triptych_tools.wan_tiny.manifest MODELS``
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path


def write_manifest(target: Path) -> None:
    """List size and hash of every file that a repository links."""
    files = [*sorted((target / "onnx").glob("*.onnx")), target / "tokenizer" / "tokenizer.json"]
    entries = {
        str(path.relative_to(target)): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for path in files
    }
    (target / "manifest.json").write_text(json.dumps({"files": entries}, indent=2) + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    write_manifest(parser.parse_args().models)


if __name__ == "__main__":
    main()
