"""From a training work folder to the checkpoint ``models/wan-tiny`` in diffusers layout.

``python -m triptych_tools.wan_tiny.assemble WORK MODELS``; ``triptych engines`` makes the ONNX files of it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

from triptych_tools.checkpoint import load_expert, save_part
from triptych_tools.wan_tiny.experts import BOUNDARY, SHIFT
from triptych_tools.wan_tiny.train import load_text, load_vae


def save_checkpoint(work: Path, target: Path) -> None:
    """Write all parts in diffusers layout with FP16 weights."""
    tokenizer, text_encoder = load_text(work)
    tokenizer.save_pretrained(target / "tokenizer")
    save_part(text_encoder.half(), target / "text_encoder")
    save_part(load_vae(work).half(), target / "vae")
    UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=SHIFT).save_pretrained(
        target / "scheduler"
    )
    draft = target / "distilled-4step"
    FlowMatchEulerDiscreteScheduler(shift=SHIFT).save_pretrained(draft / "scheduler")
    for expert, folder in (("high_noise", "transformer"), ("low_noise", "transformer_2")):
        save_part(load_expert(work / f"expert_{expert}").half(), target / folder)
        save_part(load_expert(work / f"draft_{expert}").half(), draft / folder)
    index = {
        "_class_name": "WanPipeline",
        "boundary_ratio": BOUNDARY,
        "expand_timesteps": False,
        "scheduler": ["diffusers", "UniPCMultistepScheduler"],
        "text_encoder": ["transformers", "UMT5EncoderModel"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "transformer": ["diffusers", "WanTransformer3DModel"],
        "transformer_2": ["diffusers", "WanTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLWan"],
    }
    (target / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    save_checkpoint(options.work, options.target)


if __name__ == "__main__":
    main()
