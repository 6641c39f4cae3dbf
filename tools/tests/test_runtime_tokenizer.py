"""The served tokenizer gives the ids that the text encoder was trained with, and refuses what does not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diffusers.pipelines.wan.pipeline_wan import prompt_clean
from diffusers.utils import is_ftfy_available
from triton_python_backend_utils import Request, bytes_tensor

from triptych_runtime.inputs import BadInput
from triptych_runtime.prompt import clean
from triptych_runtime.tokenizer import MAX_BYTES, TritonPythonModel
from triptych_tools.wan_tiny.captions import all_captions
from triptych_tools.wan_tiny.text import TOKENS, tokenize, train_tokenizer

TOKENIZER = train_tokenizer()


def loaded(folder: Path, negative: str = "") -> TritonPythonModel:
    """The model, as Triton would load it."""
    (folder / "1").mkdir()
    TOKENIZER.backend_tokenizer.save(str(folder / "1" / "tokenizer.json"))
    parameters = {"tokenizer": "tokenizer.json", "pad_id": "0", "negative_prompt": negative}
    config = {
        "name": "tokenizer",
        "parameters": {key: {"string_value": value} for key, value in parameters.items()},
        "output": [{"name": name, "dims": ["2", str(TOKENS)]} for name in ("TOKEN_IDS", "TOKEN_MASK")],
    }
    model = TritonPythonModel()
    model.initialize({"model_config": json.dumps(config), "model_repository": str(folder), "model_version": "1"})
    return model


@pytest.fixture
def model(tmp_path: Path) -> TritonPythonModel:
    """The model with wan-tiny's empty negative prompt."""
    return loaded(tmp_path)


def answer(model: TritonPythonModel, prompt: str | bytes, negative: str | None = None) -> dict[str, Any]:
    """Outputs by name, or the error."""
    extra = {} if negative is None else {"NEGATIVE_PROMPT": bytes_tensor(negative)}
    response = model.execute([Request(PROMPT=bytes_tensor(prompt), **extra)])[0]
    if response.has_error():
        return {"error": response.error().message()}
    return {tensor.name(): tensor.as_numpy() for tensor in response.output_tensors()}


def test_every_caption_has_the_ids_of_training(model: TritonPythonModel) -> None:
    captions = [text for *_, text in all_captions()]
    ids, mask = (part.numpy() for part in tokenize(TOKENIZER, captions))
    for index, text in enumerate(captions):
        served = answer(model, text)
        assert served["TOKEN_IDS"].dtype == served["TOKEN_MASK"].dtype == np.int64
        assert np.array_equal(served["TOKEN_IDS"][1], ids[index])
        assert np.array_equal(served["TOKEN_MASK"][1], mask[index])


def test_row_0_is_the_negative_prompt_of_the_request_or_of_the_model(tmp_path: Path) -> None:
    model = loaded(tmp_path, negative="a blue square")
    of_model, of_request = answer(model, "red"), answer(model, "red", "a green circle")
    assert np.array_equal(of_model["TOKEN_IDS"][0], answer(model, "a blue square")["TOKEN_IDS"][1])
    assert np.array_equal(of_request["TOKEN_IDS"][0], answer(model, "a green circle")["TOKEN_IDS"][1])
    assert answer(model, "red", "")["TOKEN_MASK"][0].sum() == 1


@pytest.mark.parametrize(
    "prompt",
    [
        "一只猫，坐着。",
        "赤い円が右に動く！",
        "“a red circle”",
        "ＡＢＣ",
        "ﬁne",
        "schÃ¶n",
        "ｶﾞ",
        "&amp;lt;b&gt;",
        " a\n\tb\u3000",
        "\ud83d\ude00",
        "",
    ],
)
def test_prompts_are_cleaned_as_wans_own_pipeline_does(prompt: str) -> None:
    assert is_ftfy_available()
    assert clean(prompt) == prompt_clean(prompt)


def test_a_full_width_comma_is_a_comma() -> None:
    assert clean("一只猫，坐着") == "一只猫,坐着"


def test_html_and_white_space_are_folded(model: TritonPythonModel) -> None:
    assert clean(" a &amp;amp;  b\n\tc　") == "a & b c"
    plain, messy = answer(model, "a red circle"), answer(model, "  a&nbsp;red \n circle ")
    assert np.array_equal(plain["TOKEN_IDS"], messy["TOKEN_IDS"])


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("", "PROMPT: empty"),
        (" \n　", "PROMPT: empty"),
        ("red " * 40, "PROMPT: 41 tokens, at most 32 fit"),
        (b"\xe7\xba", "PROMPT: not valid UTF-8 at byte 0"),
        ("a" * (MAX_BYTES + 1), f"PROMPT: longer than {MAX_BYTES} bytes"),
        ("红" * (MAX_BYTES // 3 + 1), f"PROMPT: longer than {MAX_BYTES} bytes"),
    ],
    ids=["empty", "white", "too many tokens", "not UTF-8", "too many bytes", "too many bytes in few characters"],
)
def test_a_bad_prompt_is_refused_by_name(model: TritonPythonModel, prompt: str | bytes, message: str) -> None:
    assert answer(model, prompt) == {"error": message}


def test_a_bad_negative_prompt_is_refused_by_its_own_name(model: TritonPythonModel) -> None:
    assert answer(model, "red", "red " * 40) == {"error": "NEGATIVE_PROMPT: 41 tokens, at most 32 fit"}


def test_the_longest_prompt_that_fits(model: TritonPythonModel) -> None:
    assert answer(model, "red " * (TOKENS - 1))["TOKEN_MASK"][1].sum() == TOKENS


def test_a_missing_prompt_is_refused(model: TritonPythonModel) -> None:
    response = model.execute([Request()])[0]
    assert response.error().message() == "PROMPT: missing"


def test_padding_and_cutting_in_the_file_are_ignored(tmp_path: Path) -> None:
    core = TOKENIZER.backend_tokenizer
    core.enable_truncation(4)
    core.enable_padding(length=50)
    try:
        model = loaded(tmp_path)
    finally:
        core.no_truncation()
        core.no_padding()
    assert answer(model, "a red circle moves right")["TOKEN_MASK"][1].sum() == 6
    with pytest.raises(BadInput, match="41 tokens"):
        model.prompts.row("PROMPT", "red " * 40, may_be_empty=False)
