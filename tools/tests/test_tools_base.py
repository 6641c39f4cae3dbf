"""What every tool stands on: checkpoint folders that are whole, prompts, paths of a teacher."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from triptych_tools.checkpoint import check_part, load_expert, load_vae
from triptych_tools.command import InputError, read_prompts
from triptych_tools.sampling import load_experts
from triptych_tools.teacher import load_samples

MODELS = Path(__file__).parents[2] / "models" / "wan-tiny"


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """A copy of an expert's folder."""
    return Path(shutil.copytree(MODELS / "transformer", tmp_path / "transformer"))


def test_a_whole_part_is_taken(part: Path) -> None:
    check_part(part)


def test_weights_that_are_cut_short_are_refused(part: Path) -> None:
    file = part / "diffusion_pytorch_model.safetensors"
    whole = file.read_bytes()
    for kept in (0, 7, 100, len(whole) - 1):
        file.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=r"cut short|no whole"):
            load_expert(part)


def test_a_part_of_another_class_is_named(part: Path) -> None:
    with pytest.raises(InputError, match=r"holds WanTransformer3DModel, and AutoencoderKLWan is needed"):
        load_vae(part)
    (part / "config.json").write_text("{bad")
    with pytest.raises(InputError, match=r"cannot be read as JSON"):
        load_expert(part)


def test_missing_pieces_are_named(part: Path) -> None:
    index = part / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors"}}))
    with pytest.raises(InputError, match=r"lacks one\.safetensors"):
        check_part(part)
    for file in part.glob("*.safetensors"):
        file.unlink()
    with pytest.raises(InputError, match=r"no \.safetensors file"):
        check_part(part)
    (part / "config.json").unlink()
    with pytest.raises(InputError, match=r"no config\.json"):
        check_part(part)


def test_a_folder_that_is_no_pipeline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="boundary_ratio"):
        load_experts(tmp_path)


def test_prompts_are_lines_without_comments(tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("# of the house\n a red circle \n\n红色圆形\n", encoding="utf-8")
    assert read_prompts(file) == ["a red circle", "红色圆形"]
    file.write_text("\n# nothing\n")
    with pytest.raises(InputError, match="no prompt"):
        read_prompts(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_prompts(tmp_path / "none.txt")


def record(tmp_path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "prompts.txt").write_text("a red circle moves right\na blue square moves up\n")
    where = [str(MODELS), str(tmp_path / "samples.safetensors"), "--prompts", str(tmp_path / "prompts.txt")]
    shape = ["--latent", "16,5,8,8", "--tokens", "16", "--shift", "5"]
    command = [sys.executable, "-m", "triptych_tools.teacher", *where, *shape, *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_paths_of_a_teacher_are_recorded(tmp_path: Path) -> None:
    done = record(tmp_path, "--steps", "2", "--refine", "1", "--each", "2", "--guidance", "2", "1.5")
    assert done.returncode == 0, done.stderr
    assert "4/4 paths recorded" in done.stdout
    samples = load_samples(tmp_path / "samples.safetensors")
    assert samples.points.shape == (4, 3, 16, 5, 8, 8)
    assert samples.sigmas.tolist() == pytest.approx([1.0, 5 / 6, 0.0])
    assert samples.contexts.shape == (4, 16, 96)
    assert (samples.steps_of("high_noise"), samples.steps_of("low_noise")) == ([0], [1])
    # Equal prompts, other seeds: the same context, another path.
    assert torch.equal(samples.contexts[0], samples.contexts[2])
    assert not torch.equal(samples.points[0], samples.points[2])


def test_bad_input_ends_a_tool_with_two_lines(tmp_path: Path) -> None:
    done = record(tmp_path, "--weights", "nowhere")
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert lines[-2].startswith("error: ") and "nowhere/transformer" in lines[-2]
    assert lines[-1].startswith("hint: ")


STARTER = """
import os, subprocess, sys, time
body = "import time; from triptych_tools.command import run; run(lambda: (print('up', flush=True), time.sleep(60)))"
environment = {**os.environ, "TRIPTYCH_PARENT": str(os.getpid()) if sys.argv[1] == "asked" else "1"}
child = subprocess.Popen([sys.executable, "-c", body], env=environment, stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux does it")
@pytest.mark.parametrize("asked", [True, False])
def test_a_tool_ends_with_the_program_that_asked_for_it(asked: bool) -> None:
    command = [sys.executable, "-c", STARTER, "asked" if asked else "not"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        tool = int(starter.stdout.readline())
        starter.kill()
    deadline = time.monotonic() + (10 if asked else 0.5)
    while time.monotonic() < deadline and _runs(tool):
        time.sleep(0.05)
    alive = _runs(tool)
    if alive:
        os.kill(tool, signal.SIGKILL)
    assert alive is not asked


def _runs(process: int) -> bool:
    """Whether a process is there and is more than its exit code."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
