"""Find the name that was probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: object, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant, ignoring case, ``_`` and ``-``; None if none is similar."""
    plain = {_plain(known): known for known in names}
    near = difflib.get_close_matches(_plain(str(name)), plain, n=1, cutoff=0.5)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()
