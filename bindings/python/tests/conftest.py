from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import kigumi


@pytest.fixture
def store(tmp_path: Path) -> Iterator[kigumi.Store]:
    with kigumi.open(tmp_path / "store") as opened:
        yield opened
