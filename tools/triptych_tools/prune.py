"""Structured pruning of an expert: a smaller ``WanTransformer3DModel`` that everything else takes as it is.

``python -m triptych_tools.prune EXPERT OUT --expert high_noise --ffn 0.3 --blocks 1 --samples FILE --recover 300``

Hidden channels of the feed-forwards, heads together with the width of the model, and whole blocks
are removed in rounds; after each round the expert recovers against its parent.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from diffusers import WanTransformer3DModel

from triptych_tools.checkpoint import load_expert
from triptych_tools.command import InputError, progress, run
from triptych_tools.cut import Size, drop_blocks, narrow
from triptych_tools.expert_folder import add_output_options, check_free, parameters, save_expert
from triptych_tools.recover import (
    Points,
    add_recovery_options,
    distance,
    open_work,
    read_points,
    recover,
    recovery_plan,
)


def prune(
    parent: WanTransformer3DModel, points: Points | None, options: argparse.Namespace, work: Path
) -> tuple[WanTransformer3DModel, dict[str, Any]]:
    """All rounds; returns the pruned expert and the report of what became of it."""
    expert, names = parent, list(range(parent.config.num_layers))
    rounds: list[dict[str, Any]] = []
    for done in range(1, options.rounds + 1):
        place = work / f"round_{done}"
        if place.exists():
            expert = load_expert(place).to(options.device)
            rounds.append(json.loads((place / "round.json").read_text()))
        else:
            share = done / options.rounds
            size = Size.of(parent).without(share * options.blocks, share * options.ffn, share * options.width)
            expert, row = one_round(expert, parent, points, options, work, names, size, done)
            rounds.append(row)
            save_expert(expert, place, "fp32", {"round.json": row})
        names = rounds[-1]["blocks_kept"]
        progress(done, options.rounds, f"rounds, {parameters(expert):,} of {parameters(parent):,} parameters left")
    removed = sorted(set(range(parent.config.num_layers)) - set(names))
    before, after = parameters(parent), parameters(expert)
    report = {"score": options.score, "blocks_removed": removed, "parameters": {"before": before, "after": after}}
    return expert, {**report, "rounds": rounds}


def one_round(
    expert: WanTransformer3DModel,
    parent: WanTransformer3DModel,
    points: Points | None,
    options: argparse.Namespace,
    work: Path,
    names: list[int],
    size: Size,
    number: int,
) -> tuple[WanTransformer3DModel, dict[str, Any]]:
    """Cut an expert down to a size and let it recover; returns it with the figures of the round."""
    blocks = expert.blocks
    names = drop_blocks(expert, len(names) - size.layers, names, points)
    smaller = narrow(expert, size, options.score, points)
    # The parent is the first round's expert and must come out of it whole.
    expert.blocks = blocks
    row: dict[str, Any] = {"blocks_kept": names, "ffn_dim": size.ffn_dim, "heads": size.heads}
    row["parameters"] = parameters(smaller)
    if points is not None:
        row["distance_after_cut"] = distance(smaller, parent, points)
        steps = options.recover // options.rounds
        if steps:
            recover(smaller, parent, points, recovery_plan(f"recover_{number}", options, steps), work)
            row["distance_after_recovery"] = distance(smaller, parent, points)
    return smaller, row


def check(options: argparse.Namespace) -> None:
    """Raise ``InputError`` for shares that leave nothing or remove nothing."""
    if not (options.ffn or options.width or options.blocks):
        raise InputError("nothing is to be removed", "give --ffn, --width or --blocks")
    if not (0 <= options.ffn < 1 and 0 <= options.width < 1):
        raise InputError("--ffn and --width are shares from 0 up to below 1", "0.3 removes 30 %")
    if options.rounds < 1 or options.blocks < 0:
        raise InputError("--rounds is at least 1 and --blocks at least 0", "leave them out for 2 and 0")
    check_free(options.target)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of an expert in diffusers layout")
    parser.add_argument("target", type=Path)
    parser.add_argument("--ffn", type=float, default=0.0, metavar="SHARE", help="of each block's hidden channels")
    parser.add_argument("--width", type=float, default=0.0, metavar="SHARE", help="of the heads and of the width")
    parser.add_argument("--blocks", type=int, default=0, help="how many whole blocks")
    parser.add_argument("--score", choices=["magnitude", "taylor"], default="magnitude")
    parser.add_argument("--rounds", type=int, default=2, help="cuts, each with its part of the recovery")
    add_recovery_options(parser)
    add_output_options(parser)
    options = parser.parse_args()
    check(options)
    points = read_points(options)
    parent = load_expert(options.folder).to(options.device)
    if options.blocks >= parent.config.num_layers:
        raise InputError(f"--blocks {options.blocks} leaves none of {parent.config.num_layers}", "remove fewer")
    work: Path = options.target.with_name(f"{options.target.name}.work")
    open_work(work, vars(options))
    expert, report = prune(parent, points, options, work)
    save_expert(expert, options.target, options.weights, {"prune.json": {"expert": options.expert, **report}})
    shutil.rmtree(work)


if __name__ == "__main__":
    run(main)
