"""From prompts to CONTEXT in torch."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import UMT5EncoderModel

from triptych_tools.tokens import token_rows


@torch.no_grad()
def encode_prompts(encoder: UMT5EncoderModel, tokenizer: Tokenizer, texts: list[str], length: int) -> Tensor:
    """CONTEXT [N, length, D], zero where no token is; equal prompts are encoded once."""
    places = {text: index for index, text in enumerate(dict.fromkeys(texts))}
    rows = [encode_text(encoder, *map(torch.from_numpy, token_rows(tokenizer, [text], length))) for text in places]
    return torch.cat(rows)[[places[text] for text in texts]]


def encode_text(encoder: UMT5EncoderModel, ids: Tensor, mask: Tensor) -> Tensor:
    """CONTEXT [N, L, D] of token ids and mask [N, L], zero where the mask is, as Wan feeds it to its transformer."""
    states: Tensor = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    return states * mask[..., None].to(states.dtype)
