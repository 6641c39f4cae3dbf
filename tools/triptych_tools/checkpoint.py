"""Reading and writing the parts of a checkpoint in diffusers layout, one folder a part."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from transformers import UMT5EncoderModel

from triptych_tools.command import InputError

_COPY_AGAIN = "copy the folder from the checkpoint again"


def load_expert(folder: Path, dtype: torch.dtype = torch.float32) -> WanTransformer3DModel:
    """An expert, frozen, in evaluation mode."""
    return _load(WanTransformer3DModel, folder, dtype)


def load_text_encoder(folder: Path, dtype: torch.dtype = torch.float32) -> UMT5EncoderModel:
    """A text encoder, frozen, in evaluation mode."""
    return _load(UMT5EncoderModel, folder, dtype)


def load_vae(folder: Path, dtype: torch.dtype = torch.float32) -> AutoencoderKLWan:
    """A VAE, frozen, in evaluation mode."""
    return _load(AutoencoderKLWan, folder, dtype)


def _load(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    check_part(folder)
    _check_kind(kind, folder)
    # diffusers keeps layers in FP32 that are to stay so when asked by `torch_dtype`; transformers calls it `dtype`.
    key = "dtype" if kind is UMT5EncoderModel else "torch_dtype"
    return kind.from_pretrained(folder, **{key: dtype}).eval().requires_grad_(False)


def save_part(model: Any, folder: Path) -> None:
    """Write a part; its config does not tell where it was loaded from."""
    model.save_pretrained(folder)
    config = folder / "config.json"
    entries = json.loads(config.read_text())
    entries.pop("_name_or_path", None)
    config.write_text(json.dumps(entries, indent=2) + "\n")


def check_part(folder: Path) -> None:
    """Raise ``InputError`` unless a folder holds a config and whole weight files."""
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} is no part of a checkpoint: it has no config.json", _COPY_AGAIN)
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise InputError(f"{folder} has no .safetensors file", _COPY_AGAIN)
    for file in files:
        _check_whole(file)
    for index in folder.glob("*.safetensors.index.json"):
        named = set(json.loads(index.read_text())["weight_map"].values())
        missing = sorted(named - {file.name for file in files})
        if missing:
            raise InputError(f"{folder} lacks {', '.join(missing)}, which {index.name} names", _COPY_AGAIN)


def _check_kind(kind: Any, folder: Path) -> None:
    """Raise ``InputError`` for a part of another class, which would fail deep inside its library."""
    try:
        config = dict(json.loads((folder / "config.json").read_text()))
    except (OSError, ValueError, TypeError) as cause:
        raise InputError(f"{folder / 'config.json'} cannot be read as JSON", _COPY_AGAIN) from cause
    found = config.get("_class_name") or (config.get("architectures") or ["no class"])[0]
    if found != kind.__name__:
        hint = "name the folder of that part: transformer, transformer_2, text_encoder or vae"
        raise InputError(f"{folder} holds {found}, and {kind.__name__} is needed", hint)


def _check_whole(file: Path) -> None:
    """Compare a weight file's size with what its header says: half of it would load as garbage, or not at all."""
    size = file.stat().st_size
    with file.open("rb") as handle:
        start = handle.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        header = handle.read(length) if length < size else b""
    try:
        ends = [entry["data_offsets"][1] for name, entry in json.loads(header).items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError) as cause:
        raise InputError(f"{file} is no whole safetensors file", _COPY_AGAIN) from cause
    expected = 8 + length + max(ends, default=0)
    if size != expected:
        raise InputError(f"{file} is cut short: expected {expected} bytes, got {size}", _COPY_AGAIN)
