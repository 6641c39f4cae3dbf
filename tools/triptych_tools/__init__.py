"""Triptych's offline tools: train, export, quantise, prune, distil and judge diffusion models."""

import os

# From 1.29 on, onnxruntime tells Microsoft about every model that it loads, unless told not to.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
