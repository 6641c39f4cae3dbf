"""What several tests look for."""

from __future__ import annotations

from pathlib import Path

import onnx

_PATHS = (b"/work", b"/home", b"/root", b"/tmp/", b"/usr/", b"site-packages", b'.py"', b"pkg.torch")


def notes_of_the_exporter(path: Path) -> list[str]:
    """What an ONNX file tells of the machine and the program that made it: nothing, if all is well."""
    data = path.read_bytes()
    here = (str(Path.cwd()).encode(), str(Path(__file__).parent).encode())
    found = [text.decode() for text in (*_PATHS, *here) if text in data]
    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        found += [f"{part.doc_string!r}"] if part.doc_string else []
        found += [prop.key for prop in part.metadata_props]
    return found
