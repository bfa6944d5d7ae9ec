"""The catalog's shop, from which projects are made."""

from __future__ import annotations

from ..servicecatalog.conftest import server, shop

__all__ = ["server", "shop"]
