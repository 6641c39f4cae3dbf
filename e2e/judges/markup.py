"""Reads HTML and XML with the parsers of Python: what they find in a page goes to stdout as JSON."""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Counts elements, and collects what a page would fetch or run, and what is left open."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count a tag, and keep what it names."""
        self.counts[tag] = self.counts.get(tag, 0) + 1
        for name, value in attrs:
            if name in {"src", "href", "xlink:href", "data", "action"} or name.startswith("on"):
                self.fetched.append(f"{tag} {name}={value}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Hold an end against what is open."""
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text.append(data)


def main() -> None:
    """Judge the HTML and the JUnit file named as arguments."""
    html = Path(sys.argv[1]).read_text(encoding="utf-8")
    page = Page()
    page.feed(html)
    page.close()
    # A drawing is XML as well, and stricter as such.
    drawings = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", html, re.S)]
    numbers = [
        float(value)
        for drawing in drawings
        for shape in drawing.iter()
        for name, value in shape.attrib.items()
        if name in {"x", "y", "cx", "cy", "x1", "x2", "y1", "y2", "width", "height", "r"}
    ]
    junit = ElementTree.parse(sys.argv[2]).getroot()
    print(
        json.dumps(
            {
                "counts": page.counts,
                "fetched": page.fetched,
                "open": page.open,
                "wrong": page.wrong,
                "text": " ".join(page.text),
                "drawings": len(drawings),
                "least": min(numbers),
                "most": max(numbers),
                "suites": len(junit.findall("testsuite")),
                "cases": len(junit.findall(".//testcase")),
            }
        )
    )


main()
