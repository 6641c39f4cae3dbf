"""Who is in memory when: the relay loads one expert at a time, and only one relay runs."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from triton_python_backend_utils import Server

from triptych_runtime import residency
from triptych_runtime.outcome import Cancelled
from triptych_runtime.residency import Relay, Resident, make_residency
from triptych_runtime.server_process import http_port

GROUP = ("final_high_noise", "final_low_noise", "draft_high_noise", "draft_low_noise")


def _stays() -> bool:
    """Tell that the caller still waits."""
    return False


@pytest.fixture
def relay(server: Server, monkeypatch: pytest.MonkeyPatch) -> Relay:
    """A relay over four experts of two variants."""
    monkeypatch.setattr(residency, "POLL_S", 0.001)
    monkeypatch.setattr(residency, "server_arguments", lambda: ["tritonserver", "--http-port=8000"])
    monkeypatch.setattr(residency, "model_states", lambda _port: server.states())
    server.looks_until_gone = 3
    return Relay(GROUP)


def test_the_first_use_only_loads(server: Server, relay: Relay) -> None:
    with relay.hold(_stays) as use:
        use("final_high_noise")
    assert server.journal == [("load", "final_high_noise")]


def test_a_loaded_expert_is_used_as_it_is(server: Server, relay: Relay) -> None:
    with relay.hold(_stays) as use:
        for _ in range(5):
            use("final_high_noise")
    assert server.journal == [("load", "final_high_noise")]


def test_the_next_expert_is_loaded_only_after_the_last_is_gone(server: Server, relay: Relay) -> None:
    with relay.hold(_stays) as use:
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
    with relay.hold(_stays) as use:
        use("final_high_noise")
    assert server.ready == {"final_high_noise", "vae_decoder"}
    assert server.journal[-1] == ("load", "final_high_noise")
    changes = [what for what, _ in server.journal if what != "gone"]
    assert changes == ["unload", "unload", "load"]


def test_an_expert_that_does_not_go_is_an_error(server: Server, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residency, "UNLOAD_DEADLINE_S", 0.01)
    server.ready.add("final_high_noise")
    server.looks_until_gone = 10**9
    with pytest.raises(TimeoutError, match="final_high_noise was not unloaded within"), relay.hold(_stays) as use:
        use("final_low_noise")
    assert ("load", "final_low_noise") not in server.journal


def test_only_one_relay_runs_and_the_next_has_its_turn_even_after_a_failure(relay: Relay) -> None:
    inside, order = threading.Event(), []

    def second() -> None:
        with Relay(GROUP).hold(_stays):
            order.append("second")
            inside.set()

    waiting = threading.Thread(target=second)
    with pytest.raises(RuntimeError), relay.hold(_stays):
        waiting.start()
        assert not inside.wait(0.1)
        order.append("first")
        raise RuntimeError("an expert overflowed")
    waiting.join(timeout=5)
    assert order == ["first", "second"]


def test_who_leaves_while_waiting_for_the_turn_is_let_go(relay: Relay) -> None:
    with relay.hold(_stays), pytest.raises(Cancelled), Relay(GROUP).hold(lambda: True):
        pytest.fail("there is only one turn")


def test_the_turn_of_a_holder_that_is_killed_is_free_again(relay: Relay) -> None:
    hold = "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind({!r}); print(flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", hold.format(relay.turn)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(Cancelled), relay.hold(lambda: True):
        pytest.fail("somebody else has the turn")
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with relay.hold(lambda: True) as use:
        use("final_high_noise")


def test_servers_on_other_ports_have_turns_of_their_own(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residency, "server_arguments", lambda: ["tritonserver", "--http-port=8001"])
    with relay.hold(_stays), Relay(GROUP).hold(lambda: True):
        pass


@pytest.mark.parametrize(
    ("arguments", "port"),
    [
        (["tritonserver", "--http-port=8123"], 8123),
        (["tritonserver", "--http-port", "8124", "--id=x"], 8124),
        (["tritonserver"], 8000),
    ],
)
def test_the_port_is_read_from_the_servers_arguments(arguments: list[str], port: int) -> None:
    assert http_port(arguments) == port


def test_residents_are_never_loaded_or_unloaded(server: Server) -> None:
    with Resident().hold(_stays) as use:
        use("final_high_noise")
    assert server.journal == []


@pytest.mark.usefixtures("relay")
def test_the_parameter_names_the_kind() -> None:
    assert isinstance(make_residency("resident", GROUP), Resident)
    assert isinstance(make_residency("relay", GROUP), Relay)
    with pytest.raises(ValueError, match="expected resident or relay, got 'both'"):
        make_residency("both", GROUP)
