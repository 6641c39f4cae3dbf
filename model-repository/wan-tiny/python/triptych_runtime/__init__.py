"""What Triptych runs inside Triton's python backend.

Each model's ``model.py`` only names the class of this package that it is. The package needs
numpy, and where a model says so onnxruntime, tokenizers, ftfy or av; nothing else.
"""
