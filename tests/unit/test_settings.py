"""Settings: layout rules are checked before anything runs, and a data root of another schema is refused."""

import os
import re
from datetime import date
from pathlib import Path

import pytest

from newslake.pipeline.addons.airflow.settings import AirflowSettings
from newslake.pipeline.environment import log_format
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.pipeline_version import version_of
from newslake.pipeline.jobs.stores import open_store
from newslake.pipeline.model import FreshnessLimits, LayoutRule, OutletKeys
from newslake.pipeline.settings import Settings, load_sources

SOURCE = '[sources.post]\nkind = "feed"\nurl = "https://post.example/feed"\n'


def _file(folder: Path, rules: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(SOURCE + "".join(f"[[sources.post.rules]]\n{rule}\n" for rule in filter(None, [rules])), "utf-8")
    return path


def test_rules_are_read(tmp_path: Path) -> None:
    """A rule has selectors and the days of its layout."""
    path = _file(tmp_path, 'drop = [".quiz", "p > b"]\nkeep = "#story"\nfrom = 2026-01-01\nuntil = 2026-03-01')
    rule = LayoutRule(drop=(".quiz", "p > b"), keep="#story", since=date(2026, 1, 1), until=date(2026, 3, 1))
    assert load_sources(path).named("post").rules == (rule,)


@pytest.mark.parametrize(
    "rule",
    [
        'drop = ["div["]',
        'keep = "p::before"',
        'keep = "svg|a"',
        "until = 2026-03-01",
        'keep = "p"\nfrom = 2026-03-02\nuntil = 2026-03-01',
        'keeps = "p"',
    ],
)
def test_wrong_rule_stops_the_run(tmp_path: Path, rule: str) -> None:
    """A wrong selector, an empty rule, days in the wrong order and unknown keys name file, source and key."""
    with pytest.raises(ConfigError, match=r"sources\.toml: sources\.post\.rules\.0"):
        load_sources(_file(tmp_path, rule))


@pytest.mark.parametrize("table", [SOURCE, "[outlets]\n", "[sources]\n"])
def test_private_hosts_inside_a_table_say_where_they_belong(tmp_path: Path, table: str) -> None:
    """The key below a table is refused with the place where it belongs; as the first line it is read."""
    line = 'private_hosts = ["127.0.0.1:8917"]\n'
    path = tmp_path / "sources.toml"
    path.write_text(table + line, "utf-8")
    with pytest.raises(ConfigError, match=r"\.private_hosts: private_hosts belongs above the first \[table\]"):
        load_sources(path)
    path.write_text(line + table, "utf-8")
    assert load_sources(path).private_hosts == {"127.0.0.1:8917"}


def test_rules_change_the_version(tmp_path: Path) -> None:
    """Articles are derived again when a rule changes; a list without rules has the version of none."""

    def version(rules: str) -> str:
        return version_of(Settings(sources_file=_file(tmp_path, rules)))

    assert version("") == version_of(Settings(sources_file=tmp_path / "missing.toml"))
    assert len({version(""), version('keep = "p"'), version('keep = "div"')}) == 3


def _outlets(folder: Path, *, outlet: str = "post.example", table: str = "") -> Path:
    path = folder / "outlets.toml"
    path.write_text(f'[outlets]\n{table}\n{SOURCE}outlet = "{outlet}"\n', "utf-8")
    return path


def test_outlets_are_read(tmp_path: Path) -> None:
    """A source has the key of its outlet; other hosts of an outlet are listed with its key, without www."""
    found = load_sources(_outlets(tmp_path, table='"WWW.Post-Online.example" = "post.example"'))
    keys = OutletKeys("post.example", {"post-online.example": "post.example"})
    assert found.outlet_keys(found.named("post")) == keys
    assert found.outlet_keys(None) == OutletKeys(None, keys.aliases)


@pytest.mark.parametrize(
    ("outlet", "table", "message"),
    [
        ("https://post.example/", "", r"outlets\.toml: sources\.post\.outlet: .*write the name of a host alone"),
        ("post.example", '"a.example/news" = "b.example"', r"outlets\.a\.example/news: .*the name of a host alone"),
        (
            "post.example",
            '"a.example" = "b.example"\n"b.example" = "c.example"',
            r"outlets: .*write a\.example = c\.exa",
        ),
    ],
)
def test_wrong_outlet_stops_the_run(tmp_path: Path, outlet: str, table: str, message: str) -> None:
    """A URL in place of a host, and a key that has itself another key, name file and entry."""
    with pytest.raises(ConfigError, match=message):
        load_sources(_outlets(tmp_path, outlet=outlet, table=table))


def test_outlets_change_the_version(tmp_path: Path) -> None:
    """Articles are derived again when the key of an outlet changes."""
    tables = ("", '"a.example" = "post.example"', '"a.example" = "b.example"')
    assert len({version_of(Settings(sources_file=_outlets(tmp_path, table=table))) for table in tables}) == 3
    assert version_of(Settings(sources_file=_outlets(tmp_path))) != version_of(
        Settings(sources_file=_file(tmp_path, ""))
    )


@pytest.mark.parametrize("name", ["raw/index.sqlite", "raw/warc", "lake/_state/ledger.sqlite"])
def test_data_root_of_schema_1_is_refused(tmp_path: Path, name: str) -> None:
    """A data root of schema 1 is refused in one sentence; an empty folder is not."""
    assert Settings.load(data_dir=tmp_path).data_dir == tmp_path
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"was written with schema 1.*set NEWS_DATA_DIR to a new folder"):
        Settings.load(data_dir=tmp_path)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("", set()),
        ("news.example.org", {"news.example.org"}),
        (" News.Example.Org , desk,", {"news.example.org", "desk"}),
    ],
)
def test_allowed_hosts_are_names(monkeypatch: pytest.MonkeyPatch, given: str, names: set[str]) -> None:
    """The hosts of the web server are a list of names, without regard to case and blanks."""
    monkeypatch.setenv("NEWS_ALLOWED_HOSTS", given)
    assert Settings.load().of(AirflowSettings).allowed_hosts == names


@pytest.mark.addons
@pytest.mark.parametrize("given", ["https://news.example.org", "news.example.org:443", "*", "a b", "-"])
def test_wrong_allowed_hosts_are_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """A URL, a port and a pattern are no name; the message names the setting and says how to write a name."""
    monkeypatch.setenv("NEWS_ALLOWED_HOSTS", f"desk,{given}")
    with pytest.raises(ConfigError, match=r"NEWS_ALLOWED_HOSTS: .*not the name of a host; write names without scheme"):
        Settings.load()


@pytest.mark.parametrize(
    ("given", "header"), [("gzip", "gzip"), (" GZIP,br , zstd,", "gzip, br, zstd"), ("identity", "identity")]
)
def test_accept_encoding_names_codings(monkeypatch: pytest.MonkeyPatch, given: str, header: str) -> None:
    """The codings to accept are a list of names, without regard to case and blanks; by default only gzip."""
    assert Settings.load().accept_encoding == "gzip"
    monkeypatch.setenv("NEWS_ACCEPT_ENCODING", given)
    assert Settings.load().accept_encoding == header


@pytest.mark.parametrize("given", ["", ",", "gzip, compress", "gzip;q=1", "*"])
def test_coding_that_cannot_be_decoded_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """A coding that newslake cannot decode, or none, is refused by a message with those that it can."""
    monkeypatch.setenv("NEWS_ACCEPT_ENCODING", given)
    with pytest.raises(ConfigError, match=r"NEWS_ACCEPT_ENCODING: .*name some of gzip, deflate, br, zstd, identity"):
        Settings.load()


# The file newslake.env.


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the settings file of the current folder; no setting is in the environment."""
    for name in [name for name in os.environ if name.startswith("NEWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "newslake.env"


def test_settings_file_is_read(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of the current folder gives settings; the environment has precedence, and a keyword over both."""
    env_file.write_text(
        "# mine\n\nNEWS_USER_AGENT='newslake/0.1 (desk@post.example)'\nexport NEWS_POLL_SECONDS=60  # often\n"
        'NEWS_FETCH_THREADS=2\nNEWS_DATA_DIR="my data"\n'
    )
    monkeypatch.setenv("NEWS_FETCH_THREADS", "3")

    settings = Settings.load(poll_seconds=30)

    assert settings.user_agent == "newslake/0.1 (desk@post.example)"
    assert (settings.of(AirflowSettings).poll_seconds, settings.fetch_threads, settings.data_dir) == (
        30,
        3,
        Path("my data"),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"NEWS_POLL_SECONDS=soon", "newslake.env: NEWS_POLL_SECONDS: Input should be a valid number"),
        (b"NEWS_POL_SECONDS=60", "newslake.env: unknown setting NEWS_POL_SECONDS; did you mean NEWS_POLL_SECONDS"),
        (b"SLACK=1", "newslake.env: unknown setting SLACK"),
        (b"\nNEWS_USER_AGENT='newslake", "newslake.env: line 2 is not a comment; write NEWS_NAME='value'"),
        (b"NEWS_USER_AGENT", "newslake.env: line 1 is not a comment"),
        (b"NEWS_USER_AGENT=\xff", "newslake.env: 'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_wrong_settings_file_is_named(env_file: Path, line: bytes, message: str) -> None:
    """A wrong value, an unknown name and a line that is not a setting stop every command, with the file."""
    env_file.write_bytes(line + b"\n")
    with pytest.raises(ConfigError, match=re.escape(message)):
        Settings.load()


def test_wrong_value_of_the_environment_does_not_name_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the environment replaces a setting of the file, its wrong value is of the environment."""
    env_file.write_text("NEWS_POLL_SECONDS=60\n")
    monkeypatch.setenv("NEWS_POLL_SECONDS", "soon")
    with pytest.raises(ConfigError, match=r"^NEWS_POLL_SECONDS: "):
        Settings.load()


@pytest.mark.parametrize("hours", ["[1, 6, 6]", "[24, 6]", "[0]", "[-1]", "[inf]", '["soon"]', "1"])
def test_wrong_recheck_hours_stop_the_run(tmp_path: Path, hours: str) -> None:
    """Hours that are not positive, ascending numbers name file, source and key."""
    path = tmp_path / "sources.toml"
    path.write_text(f"{SOURCE}recheck_hours = {hours}\n")
    with pytest.raises(ConfigError, match=r"sources\.toml: sources\.post\.recheck_hours"):
        load_sources(path)


def test_recheck_hours_are_read(tmp_path: Path) -> None:
    """A source has four rechecks within three days unless it says otherwise; an empty list means none."""
    path = tmp_path / "sources.toml"
    found = []
    for entry in ("", "recheck_hours = [0.5, 48]", "recheck_hours = []"):
        path.write_text(f"{SOURCE}{entry}\n")
        found.append(load_sources(path).named("post").recheck_hours)
    assert found == [(1.0, 6.0, 24.0, 72.0), (0.5, 48.0), ()]


def test_log_format_of_the_file(env_file: Path) -> None:
    """The format of log lines is read alone, and the file counts for it too."""
    env_file.write_text("NEWS_LOG_FORMAT=json\n")
    assert log_format() == "json"


def _limits(folder: Path, *, own: str = "", default: str = "", kind: str = "feed") -> FreshnessLimits | None:
    place = "path" if kind in ("folder", "inbox") else "url"
    path = folder / "freshness.toml"
    tables = f'[sources.post]\nkind = "{kind}"\n{place} = "https://post.example/feed"\n'
    path.write_text(default + tables + (f"[sources.post.freshness]\n{own}\n" if own else ""), "utf-8")
    return load_sources(path).named("post").freshness


def test_limits_of_freshness_are_read(tmp_path: Path) -> None:
    """A source has hours and minimum numbers of articles, as one number or by weekday; 0 is no minimum."""
    assert _limits(tmp_path) is None
    hours = "warn_after_hours = 12\nerror_after_hours = 36.5\n"
    every_day = dict.fromkeys(range(1, 8), 5)
    assert _limits(tmp_path, own=f"{hours}min_articles = 5") == FreshnessLimits(
        warn_after_hours=12, error_after_hours=36.5, min_articles=every_day
    )
    some = "min_articles = {monday = 5, sunday = 1, friday = 0}"
    assert _limits(tmp_path, own=some) == FreshnessLimits(min_articles={1: 5, 7: 1})


def test_defaults_of_the_file_fill_missing_keys(tmp_path: Path) -> None:
    """A source takes the keys that its own table lacks from the table of the file."""
    default = "[freshness]\nwarn_after_hours = 24\nerror_after_hours = 48\nmin_articles = 2\n"
    every_day = dict.fromkeys(range(1, 8), 2)
    both = FreshnessLimits(warn_after_hours=24, error_after_hours=48, min_articles=every_day)
    assert _limits(tmp_path, default=default) == both
    assert _limits(tmp_path, default=default, own="warn_after_hours = 30\nmin_articles = {sunday = 9}") == (
        FreshnessLimits(warn_after_hours=30, error_after_hours=48, min_articles={7: 9})
    )


@pytest.mark.parametrize("kind", ["folder", "inbox", "sitemap_archive", "cdx", "cc_news"])
def test_defaults_are_not_for_folders_and_archives(tmp_path: Path, kind: str) -> None:
    """A folder or an archive has limits only by its own table, because it is not expected to publish."""
    default = "[freshness]\nwarn_after_hours = 24\n"
    assert _limits(tmp_path, default=default, kind=kind) is None
    own = _limits(tmp_path, default=default, own="error_after_hours = 90", kind=kind)
    assert own == FreshnessLimits(warn_after_hours=24, error_after_hours=90)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("warn_after_hours = 0", r"freshness\.warn_after_hours: .*greater than 0"),
        ("warn_after_hours = nan", r"freshness\.warn_after_hours: "),
        ("error_after_hours = inf", r"freshness\.error_after_hours: "),
        ('warn_after_hours = "soon"', r"freshness\.warn_after_hours: .*'soon'"),
        ("warn_after = 3", r"freshness\.warn_after: unknown key; did you mean warn_after_hours"),
        ("min_articles = true", r"freshness\.min_articles: .*one number of articles for all days"),
        ("min_articles = -1", r"freshness\.min_articles: .*one number of articles for all days"),
        ("min_articles = {moonday = 3}", r"freshness\.min_articles: .*'moonday' is not a weekday; did you mean monday"),
        ("min_articles = {monday = 1.5}", r"freshness\.min_articles\.monday: .*1\.5"),
        ("warn_after_hours = 9\nerror_after_hours = 8", r"error_after_hours \(8\) must not be below warn_after_hours"),
        ("error_after_hours = 8", r"error_after_hours \(8\) must not be below warn_after_hours \(24\)"),
    ],
)
def test_wrong_limits_stop_the_run(tmp_path: Path, own: str, message: str) -> None:
    """Wrong hours, numbers, weekdays and keys name file, source and key, also if the file's default causes them."""
    with pytest.raises(ConfigError, match=rf"freshness\.toml: sources\.post.*{message}"):
        _limits(tmp_path, own=own, default="[freshness]\nwarn_after_hours = 24\n")


def test_wrong_defaults_stop_the_run(tmp_path: Path) -> None:
    """The table of the file is checked too, whether or not a source uses it."""
    with pytest.raises(ConfigError, match=r"freshness\.toml: freshness: error_after_hours \(8\) must not be below"):
        _limits(tmp_path, default="[freshness]\nwarn_after_hours = 24\nerror_after_hours = 8\n", kind="folder")
    with pytest.raises(ConfigError, match=r"freshness\.toml: freshness\.warn: unknown key"):
        _limits(tmp_path, default="[freshness]\nwarn = 24\n")


def test_a_request_is_open_for_longer_than_its_limits(tmp_path: Path) -> None:
    """A store counts a request as open for longer than a page, or the silence of a server, may last."""
    for limits in ({"page_deadline_seconds": 500}, {"page_deadline_seconds": 5, "read_timeout_seconds": 500}):
        assert open_store(Settings(data_dir=tmp_path, **limits)).host_rates.open_seconds > 500
