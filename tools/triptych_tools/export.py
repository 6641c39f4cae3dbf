"""Export of a diffusers-layout pipeline to the ONNX graphs that a Triptych repository serves.

Every graph has the tensor names, datatypes and shapes of the repository: what a solver or a
guidance scale does is inside, so that the serving loop only passes tensors on.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 20
IR_VERSION = 10
"""The IR of this opset; the exporter writes a newer one that onnxruntime for Python 3.10 does not read."""


class ExpertStep(nn.Module):
    """One denoising step: predict the velocity, apply guidance, update the state by a linear map.

    STATE [S, C, T, H, W], TIMESTEP [1], CONTEXT [2, L, D] (row 0 negative), COEFFICIENTS [S, S + 1] and, where
    guided, GUIDANCE [1] → NEXT_STATE [S, C, T, H, W], LATENT [C, T, H, W].
    """

    extra_channels: Tensor | None

    def __init__(self, transformer: nn.Module, extra_channels: Tensor | None = None) -> None:
        super().__init__()
        self.transformer = transformer
        self.register_buffer("extra_channels", extra_channels)

    def forward(
        self, state: Tensor, timestep: Tensor, context: Tensor, coefficients: Tensor, guidance: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Run the step."""
        x = state[0:1]
        if self.extra_channels is not None:
            x = torch.cat([x, self.extra_channels], dim=1)
        if guidance is not None:
            both = self._velocity(torch.cat([x, x]), torch.cat([timestep, timestep]), context)
            v = both[0:1] + guidance * (both[1:2] - both[0:1])
        else:
            v = self._velocity(x, timestep, context[1:2])
        stack = torch.cat([state, v]).flatten(1)
        following = (coefficients @ stack).reshape(state.shape)
        return following, following[0]

    def _velocity(self, x: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        output: Tensor = self.transformer(x, timestep, context, return_dict=False)[0]
        return output


class TextEncoder(nn.Module):
    """TOKEN_IDS, TOKEN_MASK [2, L] → CONTEXT [2, L, D], zero where the mask is zero."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        """Encode."""
        states: Tensor = self.encoder(input_ids=token_ids, attention_mask=token_mask).last_hidden_state
        return states.float() * token_mask[..., None].float()


class LatentDecoder(nn.Module):
    """LATENT [C, T, H, W] → FRAMES UINT8 [F, H', W', 3]."""

    mean: Tensor
    std: Tensor

    def __init__(self, decode: nn.Module, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.decode = decode
        self.register_buffer("mean", mean.view(-1, 1, 1, 1))
        self.register_buffer("std", std.view(-1, 1, 1, 1))

    def forward(self, latent: Tensor) -> Tensor:
        """Undo the latent scaling, decode, and round to bytes."""
        video = self.decode((latent * self.std + self.mean)[None])[0]
        unit = video.clamp(-1.0, 1.0) * 0.5 + 0.5
        return (unit * 255.0).round().to(torch.uint8).permute(1, 2, 3, 0)


def export_graph(module: nn.Module, inputs: dict[str, Tensor], outputs: tuple[str, ...], path: Path) -> None:
    """Export with static shapes and the given tensor names; the file is checked and carries its own weights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    program = torch.onnx.export(
        module.eval(),
        tuple(inputs.values()),
        input_names=list(inputs),
        output_names=list(outputs),
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    _forget_origins(model)
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _forget_origins(model: onnx.ModelProto) -> None:
    """Drop the exporter's notes: they hold paths of this machine and are half the size of a small graph."""
    graph = model.graph
    values = (*graph.value_info, *graph.input, *graph.output, *graph.initializer)
    for part in (model, graph, *graph.node, *values, *model.functions):
        del part.metadata_props[:]
        part.doc_string = ""


def store_fp16(source: Path, target: Path, keep: Collection[str] = (), smallest: int = 64) -> None:
    """Store the weights of an FP32 graph as FP16 and cast them where they are used.

    A CPU has no fast FP16 arithmetic: onnxruntime folds the casts when it loads the graph and
    computes in FP32, so only the rounding of the weights changes the result. Tensors named in
    ``keep`` stay as they are: tables that a graph holds beside its weights.
    """
    model = onnx.load(source)
    casts = []
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or array.size < smallest or tensor.name in keep:
            continue
        if np.abs(array).max() > np.finfo(np.float16).max:
            raise ValueError(f"{tensor.name}: a weight is too large for FP16")
        name = tensor.name
        half = numpy_helper.from_array(array.astype(np.float16), f"{name}_fp16")
        tensor.CopyFrom(half)
        casts.append(helper.make_node("Cast", [half.name], [name], name=f"{name}_cast", to=TensorProto.FLOAT))
    nodes: list[Any] = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, target)
