"""Settings, from the environment and from `.env`; docs/operators.md lists them."""

from __future__ import annotations

import difflib
import os
from functools import cache
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lss_core.errors import SettingsError

ELSEWHERE = {"LSS_NEW_PASSWORD", "LSS_REQUIRE_BROWSER", "LSS_CHROMIUM"}
"""What `users add` and `users password`, tests and benchmarks read."""


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
    cpu_engine: Literal["auto", "openvino", "torch"] = Field(
        "auto", description="What runs networks on a CPU: openvino, torch, or auto (OpenVINO where it loads)."
    )
    variations: int = Field(
        0, ge=0, le=4, description="Varied images that are outlined too, for the spread of measurements."
    )
    decode_memory_mb: int = Field(
        2048, gt=0, description="Memory limit of the child process that decodes a file."
    )
    decode_seconds: int = Field(60, gt=0, description="Time limit for one file in that process.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="What is logged: DEBUG, INFO, WARNING or ERROR and above."
    )

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: dict[str, object]) -> dict[str, object]:
        """Refuse a name that is none of ours: a slip of the pen would else go unseen."""
        ours = {f"LSS_{name.upper()}" for name in cls.model_fields} | ELSEWHERE
        strangers = sorted(
            name
            for name in {*os.environ, *dotenv_values(".env")}
            if name.startswith("LSS_") and name not in ours
        )
        if strangers:
            close = difflib.get_close_matches(strangers[0], ours, n=1)
            remedy = f"Did you mean {close[0]}" if close else "See the table in docs/operators.md"
            raise SettingsError(strangers[0], reason="there is no such setting", remedy=remedy)
        return given

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
