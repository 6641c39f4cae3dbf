"""Who is in memory when: the relay loads one expert at a time, and only one relay runs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from triton_python_backend_utils import Server

from triptych_runtime import residency
from triptych_runtime.residency import Relay, Resident, make_residency

GROUP = ("final_high_noise", "final_low_noise", "draft_high_noise", "draft_low_noise")


@pytest.fixture
def relay(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Relay:
    """A relay over four experts of two variants, whose lock lies in a folder of its own."""
    monkeypatch.setattr(residency, "POLL_S", 0.001)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    server.looks_until_gone = 3
    return Relay(GROUP)


def test_the_first_use_only_loads(server: Server, relay: Relay) -> None:
    with relay.hold() as use:
        use("final_high_noise")
    assert server.journal == [("load", "final_high_noise")]


def test_a_loaded_expert_is_used_as_it_is(server: Server, relay: Relay) -> None:
    with relay.hold() as use:
        for _ in range(5):
            use("final_high_noise")
    assert server.journal == [("load", "final_high_noise")]


@pytest.mark.parametrize(
    "ready_until_gone",
    [
        True,
        pytest.param(
            False,
            marks=pytest.mark.xfail(
                strict=True, reason="Triton 2.51 calls a model not ready while it unloads, so the wait ends at once"
            ),
        ),
    ],
)
def test_the_next_expert_is_loaded_only_after_the_last_is_gone(
    server: Server, relay: Relay, ready_until_gone: bool
) -> None:
    server.ready_until_gone = ready_until_gone
    with relay.hold() as use:
        use("final_high_noise")
        use("final_low_noise")
    assert server.journal[1:] == [
        ("unload", "final_high_noise"),
        ("gone", "final_high_noise"),
        ("load", "final_low_noise"),
    ]
    assert server.ready == {"final_low_noise"}


def test_experts_of_other_variants_make_room_too_and_other_models_stay(server: Server, relay: Relay) -> None:
    server.ready |= {"draft_high_noise", "draft_low_noise", "vae_decoder"}
    with relay.hold() as use:
        use("final_high_noise")
    assert server.ready == {"final_high_noise", "vae_decoder"}
    assert server.journal[-1] == ("load", "final_high_noise")
    changes = [what for what, _ in server.journal if what != "gone"]
    assert changes == ["unload", "unload", "load"]


def test_an_expert_that_does_not_go_is_an_error(server: Server, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residency, "UNLOAD_DEADLINE_S", 0.01)
    server.ready.add("final_high_noise")
    server.looks_until_gone, server.ready_until_gone = 10**9, True
    with pytest.raises(TimeoutError, match="final_high_noise was not unloaded within"), relay.hold() as use:
        use("final_low_noise")
    assert ("load", "final_low_noise") not in server.journal


def test_only_one_relay_runs_and_the_next_has_its_turn_even_after_a_failure(relay: Relay) -> None:
    inside, order = threading.Event(), []

    def second() -> None:
        with Relay(GROUP).hold():
            order.append("second")
            inside.set()

    waiting = threading.Thread(target=second)
    with pytest.raises(RuntimeError), relay.hold():
        waiting.start()
        assert not inside.wait(0.1)
        order.append("first")
        raise RuntimeError("an expert overflowed")
    waiting.join(timeout=5)
    assert order == ["first", "second"]


def test_residents_are_never_loaded_or_unloaded(server: Server) -> None:
    with Resident().hold() as use:
        use("final_high_noise")
    assert server.journal == []


def test_the_parameter_names_the_kind() -> None:
    assert isinstance(make_residency("resident", GROUP), Resident)
    assert isinstance(make_residency("relay", GROUP), Relay)
    with pytest.raises(ValueError, match="expected resident or relay, got 'both'"):
        make_residency("both", GROUP)
