"""What is done to a prompt before it is cut into tokens."""

from __future__ import annotations

import html
import re

import ftfy


def clean(prompt: str) -> str:
    """Mend broken Unicode, undo HTML escapes twice and fold white space, as Wan's own pipeline does.

    The mending also turns full-width and curly characters into plain ones, so that a comma of a Chinese prompt is
    the token that the text encoder was trained with.
    """
    return re.sub(r"\s+", " ", html.unescape(html.unescape(ftfy.fix_text(prompt)))).strip()
