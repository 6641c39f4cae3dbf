"""Gives every test that asks for one a server of its own."""

from __future__ import annotations

import pytest
import triton_python_backend_utils as triton


@pytest.fixture
def server() -> triton.Server:
    """A new server without models."""
    return triton.reset()
