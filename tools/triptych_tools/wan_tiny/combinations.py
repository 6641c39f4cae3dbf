"""The variants of ``configs/wan-tiny-light.yaml``: what each was made from, and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Combination:
    """One variant of the spec, and the variant that it was made light from."""

    variant: str
    parent: str | None
    how: str
    """What was done to the parent."""


COMBINATIONS = (
    Combination("reference", None, "as trained, FP32"),
    Combination("final", "reference", "weights stored in FP16"),
    Combination("final_int8", "reference", "INT8"),
    Combination("mixed", "reference", "high noise in INT8, low noise stored in FP16"),
    Combination("pruned", "reference", "2 of 6 blocks and 25 % of the feed-forwards removed, FP16"),
    Combination("pruned_int8", "pruned", "INT8"),
    Combination("sparse", "reference", "2:4 sparse, FP16"),
    Combination("sparse_int8", "sparse", "INT8"),
    Combination("draft_reference", "reference", "distilled to 4 steps without guidance, FP32"),
    Combination("draft_fp16", "draft_reference", "weights stored in FP16"),
    Combination("draft", "draft_reference", "INT8"),
    Combination("draft_smooth", "draft_reference", "INT8 with SmoothQuant 0.5"),
    Combination("draft_keep", "draft_reference", "INT8, first and last block kept"),
    Combination("draft_qat", "draft_reference", "quantisation-aware training, then INT8"),
    Combination("pruned_draft", "pruned", "distilled to 4 steps, FP16"),
    Combination("pruned_draft_int8", "pruned_draft", "INT8"),
    Combination("matched_draft", "reference", "distilled to 4 steps, with distribution matching, FP16"),
)
"""Parents before what is made from them."""
