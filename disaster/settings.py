"""Where the store lives: flag, then environment, then ``tayori.toml``, then the default."""

from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

#: Settings file looked for in the working folder.
SETTINGS_FILE = Path("tayori.toml")


class Settings(BaseSettings):
    """What a command needs to know before it opens a store.

    Attributes
    ----------
    data_dir
        Folder of the store (``TAYORI_DATA_DIR``).
    database_url
        SQLAlchemy URL of a PostGIS database (``TAYORI_DATABASE_URL``); None means SQLite inside `data_dir`.
    lang
        Language of sentences (``TAYORI_LANG``).
    forwarding
        Whether notices of moving (転居届) may be taken in (``TAYORI_FORWARDING``); off unless an office has weighed it.
    """

    model_config = SettingsConfigDict(env_prefix="TAYORI_", extra="forbid", frozen=True)

    data_dir: Path = Path("tayori-data")
    database_url: str | None = None
    lang: Literal["ja", "en"] = "ja"
    forwarding: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the sources into the documented order."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, SETTINGS_FILE)
