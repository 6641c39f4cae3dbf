"""Reading what Triton hands a Python model at ``initialize``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ModelArguments:
    """A model's own view of its configuration."""

    name: str
    folder: Path
    """The version folder, which holds ``model.py`` and the files linked beside it."""
    parameters: dict[str, str]
    output_dims: dict[str, tuple[int, ...]]

    def parameter(self, key: str) -> str:
        """A parameter that config.pbtxt must carry; raise with its name where it does not."""
        if key not in self.parameters:
            raise ValueError(f"model {self.name}: config.pbtxt has no parameter {key!r}; render the repository again")
        return self.parameters[key]

    def file(self, key: str) -> Path:
        """A file in the version folder, named by a parameter; raise where it is missing."""
        path = self.folder / self.parameter(key)
        if not path.is_file():
            raise FileNotFoundError(
                f"model {self.name}: {path} is missing; link the weights with `triptych repository`"
            )
        return path


def read_arguments(args: dict[str, str]) -> ModelArguments:
    """Turn Triton's dict of strings into typed arguments."""
    config: dict[str, Any] = json.loads(args["model_config"])
    return ModelArguments(
        name=config["name"],
        folder=Path(args["model_repository"]) / args["model_version"],
        parameters={key: value["string_value"] for key, value in config.get("parameters", {}).items()},
        output_dims={item["name"]: tuple(int(d) for d in item["dims"]) for item in config["output"]},
    )
