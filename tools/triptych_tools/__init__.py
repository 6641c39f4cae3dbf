"""Triptych's offline tools: train, export, quantise, prune, distil and judge diffusion models."""
