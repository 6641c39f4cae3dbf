"""The model ``tokenizer``: prompts to token ids and masks, as the text encoder was trained with."""

from __future__ import annotations

from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from tokenizers import Tokenizer

from triptych_runtime import inputs
from triptych_runtime.config import read_arguments
from triptych_runtime.inputs import BadInput
from triptych_runtime.outcome import answer_all
from triptych_runtime.prompt import clean

MAX_BYTES = 16_384
"""A prompt longer than this is refused before it is looked at."""


class PromptTokenizer:
    """Tokenizes to a fixed length; a prompt that does not fit is refused, never cut."""

    def __init__(self, tokenizer: Tokenizer, length: int, pad_id: int) -> None:
        self.tokenizer = tokenizer
        self.length = length
        self.pad_id = pad_id

    def row(self, name: str, prompt: str, may_be_empty: bool) -> tuple[list[int], list[int]]:
        """Ids and mask of one prompt, each of ``length``."""
        if len(prompt.encode()) > MAX_BYTES:
            raise BadInput(f"{name}: longer than {MAX_BYTES} bytes")
        text = clean(prompt)
        if not text and not may_be_empty:
            raise BadInput(f"{name}: empty")
        ids = list(self.tokenizer.encode(text).ids)
        if len(ids) > self.length:
            raise BadInput(f"{name}: {len(ids)} tokens, at most {self.length} fit")
        padding = self.length - len(ids)
        return ids + [self.pad_id] * padding, [1] * len(ids) + [0] * padding


class TritonPythonModel:
    """PROMPT, NEGATIVE_PROMPT → TOKEN_IDS, TOKEN_MASK [2, L]; row 0 is the negative prompt."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load ``tokenizer.json``."""
        arguments = read_arguments(args)
        self.name = arguments.name
        tokenizer = Tokenizer.from_file(str(arguments.file("tokenizer")))
        # Padding and cutting are done here, where they can be checked.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        pad_id = int(arguments.parameter("pad_id"))
        self.prompts = PromptTokenizer(tokenizer, arguments.output_dims["TOKEN_IDS"][1], pad_id)
        self.negative = arguments.parameters.get("negative_prompt", "")

    def execute(self, requests: list[Any]) -> list[Any]:
        """Tokenize each request."""
        return answer_all(requests, self.name, self._answer)

    def _answer(self, request: Any) -> list[Any]:
        negative = inputs.text(request, "NEGATIVE_PROMPT")
        prompt = inputs.text(request, "PROMPT")
        if prompt is None:
            raise BadInput("PROMPT: missing")
        rows = (
            self.prompts.row("NEGATIVE_PROMPT", self.negative if negative is None else negative, may_be_empty=True),
            self.prompts.row("PROMPT", prompt, may_be_empty=False),
        )
        return [
            pb_utils.Tensor("TOKEN_IDS", np.array([ids for ids, _ in rows], dtype=np.int64)),
            pb_utils.Tensor("TOKEN_MASK", np.array([mask for _, mask in rows], dtype=np.int64)),
        ]
