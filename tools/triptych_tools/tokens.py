"""From prompts to the token ids and masks that the served tokenizer gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from triptych_runtime.prompt import clean
from triptych_tools.command import InputError

Tokens = npt.NDArray[np.int64]


def load_tokenizer(file: Path) -> Tokenizer:
    """A ``tokenizer.json``, without padding or cutting of its own."""
    if not file.is_file():
        raise InputError(f"{file} is missing", "copy the tokenizer folder from the checkpoint again")
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def token_rows(tokenizer: Tokenizer, texts: list[str], length: int) -> tuple[Tokens, Tokens]:
    """Ids and mask, each [N, length], of prompts cleaned as serving cleans them."""
    ids = np.zeros((len(texts), length), dtype=np.int64)
    mask = np.zeros((len(texts), length), dtype=np.int64)
    for index, text in enumerate(texts):
        row = tokenizer.encode(clean(text)).ids
        if len(row) > length:
            raise InputError(f"{len(row)} tokens, at most {length} fit: {text!r}", "shorten the prompt")
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask
