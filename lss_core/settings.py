"""Settings, from the environment and from `.env`; docs/operators.md lists them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from lss_core.errors import SettingsError


class Settings(BaseSettings):
    """What an operator may set; each field is `LSS_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="LSS_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("data"), description="Where volumes, masks and the SQLite file lie.")
    database_url: str = Field(
        "",
        description="SQLAlchemy URL (postgresql+psycopg://…); empty: SQLite in the data folder.",
    )
    bundle: str = Field("", description="Name of the bundle under models_dir; empty: the only one there.")
    models_dir: Path = Field(Path("models"), description="The folder of bundles.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where networks run: auto, cpu or cuda."
    )
    decode_memory_mb: int = Field(2048, description="Memory limit of the child process that decodes a file.")
    decode_seconds: int = Field(60, description="Time limit for one file in that process.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="What is logged: DEBUG, INFO, WARNING or ERROR and above."
    )

    @property
    def url(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'lss.sqlite').resolve()}"


@cache
def get_settings() -> Settings:
    """The settings of this process. Raises SettingsError when one is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "LSS_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(
            name, reason=first["msg"], remedy="Correct it in the environment or in .env"
        ) from error
