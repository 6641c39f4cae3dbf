"""What a tool makes of an expert: a folder in diffusers layout that stands under its name only when it is whole."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import WanTransformer3DModel

from triptych_tools.checkpoint import save_part
from triptych_tools.command import InputError

WEIGHTS = {"fp16": torch.float16, "fp32": torch.float32}
"""Types that weights can be stored in."""


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Options of every tool that writes an expert."""
    parser.add_argument("--weights", choices=sorted(WEIGHTS), default="fp16", help="type the weights are stored in")


def check_free(folder: Path) -> None:
    """Raise ``InputError`` if something stands where a result is to go: it is never overwritten."""
    if folder.exists():
        raise InputError(f"{folder} exists already", "remove it, or name another folder")


def save_expert(expert: WanTransformer3DModel, folder: Path, weights: str, notes: dict[str, Any]) -> None:
    """Write an expert, in place as the given type, with JSON files beside it: name → content."""
    for name, parameter in expert.named_parameters():
        parameter.data = parameter.data.to(WEIGHTS[weights])
        if not torch.isfinite(parameter).all():
            raise InputError(f"{name} holds a value too large for {weights}", "use --weights fp32")
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    save_part(expert, partial)
    for file, content in notes.items():
        (partial / file).write_text(json.dumps(content, indent=2) + "\n")
    partial.rename(folder)


def parameters(expert: WanTransformer3DModel) -> int:
    """How many weights an expert has."""
    return sum(parameter.numel() for parameter in expert.parameters())
