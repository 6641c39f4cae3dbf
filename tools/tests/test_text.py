"""Tokenizer and text encoder: what is promised of every prompt, seen before or not."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from triptych_tools.networks import TextEncoder
from triptych_tools.text import encode_text
from triptych_tools.wan_tiny.captions import all_captions
from triptych_tools.wan_tiny.text import DIM, TOKENS, UNK, new_text_encoder, tokenize, train_tokenizer

CAPTIONS = [text for *_, text in all_captions()]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer, trained anew."""
    return train_tokenizer()


def pieces(tokenizer: PreTrainedTokenizerFast, text: str) -> list[str]:
    """Tokens of a text without the end mark."""
    tokens: list[str] = tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
    assert tokens[-1] == tokenizer.eos_token
    return tokens[:-1]


def test_training_it_again_gives_the_same(tokenizer: PreTrainedTokenizerFast) -> None:
    again = train_tokenizer()
    assert again.backend_tokenizer.to_str() == tokenizer.backend_tokenizer.to_str()


def test_special_ids_are_what_the_encoder_and_the_server_expect(tokenizer: PreTrainedTokenizerFast) -> None:
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id) == (0, 1, 2)


def test_every_caption_fits_and_none_is_lost(tokenizer: PreTrainedTokenizerFast) -> None:
    for text in CAPTIONS:
        ids = tokenizer(text)["input_ids"]
        assert len(ids) <= TOKENS
        assert tokenizer.unk_token_id not in ids
        assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_captions_have_different_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    assert len({tuple(tokenizer(text)["input_ids"]) for text in CAPTIONS}) == len(CAPTIONS)


def test_known_english_words_are_whole(tokenizer: PreTrainedTokenizerFast) -> None:
    assert pieces(tokenizer, "a yellow triangle moves down") == ["▁a", "▁yellow", "▁triangle", "▁moves", "▁down"]


@pytest.mark.parametrize("word", ["xylophone", "jukebox", "quiz", "zzz", "2024", "don't"])
def test_letters_of_an_unseen_word_are_spelt(tokenizer: PreTrainedTokenizerFast, word: str) -> None:
    tokens = pieces(tokenizer, word)
    assert UNK not in tokens
    assert "".join(tokens) == f"▁{word}"


@pytest.mark.parametrize("text", ["红色圆形向右移动", "黄色い三角形が左へ動く"])
def test_cjk_characters_stand_one_by_one(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert [token for token in pieces(tokenizer, text) if token != "▁"] == list(text)


def test_an_unseen_cjk_character_costs_only_itself(tokenizer: PreTrainedTokenizerFast) -> None:
    tokens = [token for token in pieces(tokenizer, "红色龍右") if token != "▁"]
    assert tokens == ["红", "色", UNK, "右"]


@pytest.mark.parametrize("text", ["A RED Circle moves RIGHT", "ａ　ｒｅｄ　ｃｉｒｃｌｅ　ｍｏｖｅｓ　ｒｉｇｈｔ"])
def test_case_and_width_do_not_matter(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    plain = unicodedata.normalize("NFKC", text).lower()
    assert tokenizer(text)["input_ids"] == tokenizer(plain)["input_ids"]


def test_tokenize_pads_and_masks(tokenizer: PreTrainedTokenizerFast) -> None:
    ids, mask = tokenize(tokenizer, ["", CAPTIONS[0], "red " * 100])
    assert ids.shape == mask.shape == (3, TOKENS)
    assert ids.dtype == mask.dtype == torch.int64
    assert mask.sum(1).tolist() == [1, len(tokenizer(CAPTIONS[0])["input_ids"]), TOKENS]
    assert ids[0, 0] == tokenizer.eos_token_id
    assert (ids[mask == 0] == tokenizer.pad_token_id).all()


def test_saving_and_loading_change_no_id(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)
    loaded = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    assert torch.equal(tokenize(loaded, CAPTIONS)[0], tokenize(tokenizer, CAPTIONS)[0])


def test_context_is_zero_behind_the_prompt_and_blind_to_the_padding(tokenizer: PreTrainedTokenizerFast) -> None:
    torch.manual_seed(0)
    encoder = new_text_encoder(len(tokenizer)).eval().requires_grad_(False)
    ids, mask = tokenize(tokenizer, ["a red circle moves right", ""])
    context = encode_text(encoder, ids, mask)
    assert context.shape == (2, TOKENS, DIM)
    assert (context[mask == 0] == 0).all()
    assert (context[mask == 1].abs().sum(-1) > 0).all()
    assert torch.allclose(encode_text(encoder, ids.masked_fill(mask == 0, 9), mask), context, atol=1e-6)
    assert torch.equal(TextEncoder(encoder)(ids, mask), context)
