"""The database: how it is opened, how a transaction begins, and its migration."""

from __future__ import annotations


class Store:
    """A database by its SQLAlchemy URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def migrate(self) -> None:
        """Bring the schema up to this code."""
        raise NotImplementedError
