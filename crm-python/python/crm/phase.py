"""The phases of a backup and of a restore."""

from __future__ import annotations

from typing import Literal

Phase = Literal["counting", "dumping", "hashing", "schema", "loading", "indexing"]
