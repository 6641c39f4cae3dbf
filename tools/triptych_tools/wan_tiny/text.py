"""Tokenizer and text encoder of wan-tiny: one vocabulary and one ``UMT5EncoderModel`` for three languages."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

from triptych_tools.loop import Plan, Trainer, seeded
from triptych_tools.text import encode_text
from triptych_tools.wan_tiny.captions import COLOURS, DIRECTIONS, SHAPES, all_captions

TOKENS = 32
"""Length L to which every prompt is padded."""

DIM = 96
PAD, EOS, UNK = "<pad>", "</s>", "<unk>"
HEADS = (len(COLOURS) + 1, len(SHAPES) + 1, len(DIRECTIONS) + 1)
"""Classes a token must tell, each with one more for "the prompt does not say"."""


def train_tokenizer() -> PreTrainedTokenizerFast:
    """A BPE tokenizer over all captions: English words whole, every Chinese or Japanese character on its own.

    Letters are all in the vocabulary, so that a word it has not seen is spelt instead of lost.
    """
    core = Tokenizer(models.BPE(unk_token=UNK))
    core.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Split(Regex(r"[\u3040-\u30ff\u3400-\u9fff]"), "isolated")]
    )
    core.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=[PAD, EOS, UNK],
        initial_alphabet=list(string.ascii_lowercase + string.digits + ".,!?-'\u3002\u3001"),
        show_progress=False,
    )
    core.train_from_iterator((text for *_, text in all_captions()), trainer)
    core.post_processor = processors.TemplateProcessing(
        single=f"$A {EOS}", special_tokens=[(EOS, core.token_to_id(EOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token=PAD, eos_token=EOS, unk_token=UNK, model_max_length=TOKENS
    )


def tokenize(tokenizer: PreTrainedTokenizerFast, prompts: list[str]) -> tuple[Tensor, Tensor]:
    """Token ids and mask, each INT64 [N, TOKENS]."""
    batch = tokenizer(prompts, padding="max_length", truncation=True, max_length=TOKENS, return_tensors="pt")
    return batch["input_ids"], batch["attention_mask"]


def new_text_encoder(vocabulary: int) -> UMT5EncoderModel:
    """An untrained encoder of two layers."""
    return UMT5EncoderModel(
        UMT5Config(
            vocab_size=vocabulary,
            d_model=DIM,
            d_kv=24,
            d_ff=192,
            num_layers=2,
            num_heads=4,
            dropout_rate=0.0,
            pad_token_id=0,
            eos_token_id=1,
        )
    )


def _labels() -> tuple[list[str], Tensor]:
    rows = [(text, scene.labels) for scene, _, _, text in all_captions()]
    rows += [("", tuple(count - 1 for count in HEADS))] * 8  # type: ignore[list-item]
    return [text for text, _ in rows], torch.tensor([label for _, label in rows])


def _disguise(text: str, generator: np.random.Generator) -> str:
    """The same prompt as another person might type it."""
    if generator.random() < 0.2:
        text = text + str(generator.choice([".", "!", "。", " "]))
    return text.capitalize() if generator.random() < 0.2 else text


def train_text_encoder(work: Path, tokenizer: PreTrainedTokenizerFast, steps: int) -> UMT5EncoderModel:
    """Train every token to tell colour, shape and direction, whatever the language.

    The video loss alone teaches a text encoder slowly; this classifier settles it in a minute
    and the encoder then stays frozen for both experts.
    """
    plan = Plan("text", steps, learning_rate=3e-3, seed=11)
    generator = seeded(plan)
    encoder = new_text_encoder(len(tokenizer))
    head = nn.Linear(DIM, sum(HEADS))
    texts, labels = _labels()
    trainer = Trainer(plan, {"encoder": encoder, "head": head}, work, generator)

    def losses() -> dict[str, Tensor]:
        rows = generator.integers(0, len(texts), 96)
        ids, mask = tokenize(tokenizer, [_disguise(texts[row], generator) for row in rows])
        logits = head(encode_text(encoder, ids, mask))[mask.bool()]
        target = labels[rows][:, None].expand(-1, TOKENS, -1)[mask.bool()]
        parts = logits.split(HEADS, dim=-1)
        loss = sum((F.cross_entropy(part, target[:, i]) for i, part in enumerate(parts)), torch.zeros(()))
        right = torch.stack([part.argmax(-1) == target[:, i] for i, part in enumerate(parts)]).all(0)
        return {"loss": loss, "right": right.float().mean()}

    trainer.run(losses)
    return encoder.eval().requires_grad_(False)
