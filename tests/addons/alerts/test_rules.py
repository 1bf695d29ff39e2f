"""alerts.toml: what a rule may have, its defaults, and how a wrong one is named before anything runs."""

from datetime import time

import pytest

from newslake.pipeline.addons.alerts.evaluation import read_rules
from newslake.pipeline.addons.alerts.rules import MachineRule, QuestionRule, RunRule, SourceRule
from newslake.pipeline.errors import ConfigError
from tests.addons.alerts.conftest import WriteAlerts

WHOLE = """\
public_url = "http://127.0.0.1:8080/"
time_zone = "Europe/London"
quiet_hours = "22:00-07:00"

[senders]
desk = "json://127.0.0.1:9/alerts"
night = "json://user:${ALERT_PASSWORD}@127.0.0.1:9/alerts"

[rules.sources]
on = "sources"

[rules.runs]
on = "runs"
to = ["night", "night"]
quiet_hours = ""

[rules.machine]
on = "machine"
disk_free_gb = 5
digest_at = "08:00"

[rules.minister]
on = "question"
title = "A minister is quoted"
question = "quotes-about"
options = {name = "minister"}
time_zone = "UTC"
"""


def test_a_whole_file_is_read(write_alerts: WriteAlerts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule has its kind, the defaults of its kind, and the delivery of the file where it gives none."""
    monkeypatch.setenv("ALERT_PASSWORD", "s3cret")
    rules = read_rules(write_alerts(WHOLE))

    assert [type(rule) for rule in rules.rules] == [SourceRule, RunRule, MachineRule, QuestionRule]
    assert rules.senders["night"] == "json://user:s3cret@127.0.0.1:9/alerts"
    assert rules.public_url == "http://127.0.0.1:8080"
    sources, runs, machine, minister = (rule.policy for rule in rules.rules)
    assert (sources.senders, runs.senders) == (("desk", "night"), ("night",))
    assert (sources.quiet_hours, runs.quiet_hours) == ((time(22), time(7)), None)
    assert (sources.time_zone, minister.time_zone) == ("Europe/London", "UTC")
    assert (sources.digest_at, machine.digest_at) == (None, time(8))
    assert (sources.title, minister.title) == ("sources", "A minister is quoted")


def test_defaults_keep_one_wrong_row_quiet(write_alerts: WriteAlerts) -> None:
    """A rule on a question needs a confidence of 0.6 and two independent reports, over seven published days."""
    (rule,) = read_rules(write_alerts('[rules.a]\non = "question"\nquestion = "quotes-about"\n')).rules

    assert isinstance(rule, QuestionRule)
    assert (rule.min_confidence, rule.min_independent, rule.days) == (0.6, 2, 7)


def test_a_missing_file_has_no_rules(space) -> None:
    """Without alerts.toml, there are no rules."""
    assert read_rules(space).rules == ()


QUESTION = '[rules.a]\non = "question"\n'
SQL = f"{QUESTION}sql = "
BAD = {
    "syntax": ("[rules", "alerts.toml: "),
    "unknown table": ("[rule.a]\non = 'runs'", "rule: unknown key; did you mean rules?"),
    "rule name": ("[rules.A]\non = 'runs'", "rules.A: "),
    "no kind": ("[rules.a]\nstates = ['stale']", "rules.a.on: write one of sources, runs, machine, question"),
    "unknown kind": ("[rules.a]\non = 'source'", "rules.a.on: write one of sources, runs, machine, question"),
    "unknown key": (
        f"{QUESTION}question = 'top-people'\ncolum = 'n'",
        "rules.a.colum: unknown key; did you mean column?",
    ),
    "key of another kind": ("[rules.a]\non = 'runs'\nstates = []", "rules.a.states: unknown key"),
    "unknown state": ("[rules.a]\non = 'sources'\nstates = ['sad']", "rules.a.states.0: Input should be 'late'"),
    "unknown source": ("[rules.a]\non = 'sources'\nsources = ['habour']", "rules.a.sources: unknown source 'habour'"),
    "unknown sender": (
        "[senders]\ndesk = 'json://h'\n[rules.a]\non = 'runs'\nto = ['dsk']",
        "rules.a.to: no sender 'dsk'; ",
    ),
    "no sender": ("[rules.a]\non = 'runs'\nto = ['desk']", "rules.a.to: no sender 'desk'; [senders] has none"),
    "unknown URL": (
        "[senders]\ndesk = 'jsn://secret@h'",
        "senders.desk: Apprise does not know this URL (its scheme is 'jsn')",
    ),
    "no URL": ("[senders]\ndesk = 'secret'", "senders.desk: Apprise does not know this URL (it has no scheme such as"),
    "URL of a web page": (
        "[senders]\ndesk = 'https://secret'",
        "senders.desk: for a webhook, write jsons:// in place of",
    ),
    "URL in to": ("[rules.a]\non = 'runs'\nto = ['json://secret@h']", "rules.a.to: no sender with this address"),
    "no list in to": (
        "[rules.a]\non = 'runs'\nto = 'json://secret@h'",
        "rules.a.to: write the names of senders in a list",
    ),
    "incomplete URL": ("[senders]\ndesk = 'slack://secret'", "senders.desk: Apprise does not know this URL"),
    "missing variable": (
        "[senders]\ndesk = 'json://${NO_SUCH_NAME}@secret'",
        "senders.desk: the environment has no NO_SUCH_NAME",
    ),
    "time zone": ("time_zone = 'London'", "time_zone: 'London' is not a time zone"),
    "time zone of a rule": (
        "[rules.a]\non = 'runs'\ntime_zone = '../x'",
        "rules.a.time_zone: '../x' is not a time zone",
    ),
    "quiet hours": ("quiet_hours = '22-7'", "quiet_hours: '22-7' are not quiet hours; write \"22:00-07:00\""),
    "quiet all day": ("quiet_hours = '07:00-07:00'", "quiet_hours: '07:00-07:00' are not quiet hours"),
    "digest": ("[rules.a]\non = 'runs'\ndigest_at = '8'", "rules.a.digest_at: '8' is not a time of day"),
    "public URL": ("public_url = 'newsroom'", "public_url: must start with http:// or https://"),
    "title of two lines": ('[rules.a]\non = \'runs\'\ntitle = """a\nb"""', "rules.a.title: String should match"),
    "days": (f"{QUESTION}question = 'top-people'\ndays = 0", "rules.a.days: "),
    "no question": (QUESTION, "rules.a: write 'question' with the name of a saved question, or 'sql'"),
    "both": (f"{SQL}'SELECT 1 AS n'\nquestion = 'top-people'", "rules.a: write 'question' with the name"),
    "wrong slug": (
        f"{QUESTION}question = 'quotes-abut'",
        "rules.a.question: unknown question 'quotes-abut'; did you mean quotes-about?",
    ),
    "wrong option": (
        f"{QUESTION}question = 'quotes-about'\noptions = {{nam = 'x'}}",
        "rules.a.options: quotes-about has no option --nam; did you mean --name?",
    ),
    "wrong value": (
        f"{QUESTION}question = 'reported-events'\noptions = {{outlets = 0}}",
        "rules.a.options: --outlets '0': give an integer, 1 or more",
    ),
    "threshold without column": (
        f"{QUESTION}question = 'top-people'\nat_least = 5",
        "rules.a: 'at_least' and 'at_most' need 'column'",
    ),
    "column without threshold": (
        f"{QUESTION}question = 'top-people'\ncolumn = 'articles'",
        "rules.a: 'column' needs 'at_least' or 'at_most'",
    ),
    "wrong column": (
        f"{QUESTION}question = 'top-people'\ncolumn = 'article'\nat_least = 5",
        "rules.a.column: the rows have no number 'article'; did you mean articles?",
    ),
    "column of text": (
        f"{QUESTION}question = 'top-people'\ncolumn = 'person'\nat_least = 5",
        "rules.a.column: the rows have no number 'person'",
    ),
    "wrong key": (
        f"{QUESTION}question = 'top-people'\nkey = ['persons']",
        "rules.a.key: the rows have no column 'persons'; did you mean person?",
    ),
    "bound without column": (
        f"{QUESTION}question = 'top-people'\nmin_confidence = 0.9",
        "rules.a.min_confidence: the rows have no column confidence",
    ),
    "wrong SQL": (f"{SQL}'SELECT tilte FROM articles'", 'rules.a.sql: sql: no column "tilte"; did you mean title?'),
    "no SELECT": (f"{SQL}'DELETE FROM articles'", "rules.a.sql: sql: found DELETE; write one read-only statement"),
    "two statements": (f"{SQL}'SELECT 1; SELECT 2'", "rules.a.sql: sql: found EXPLAIN, SELECT; write one read-only"),
    "a table": (f"{SQL}'articles'", "rules.a.sql: sql: Parser Error"),
    "a file": (f"{SQL}\"SELECT * FROM '/etc/passwd'\"", "rules.a.sql: sql: "),
    "options of SQL": (
        f"{SQL}'SELECT 1 AS n'\noptions = {{a = 1}}",
        "rules.a: 'options' are those of a saved question",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_wrong_rule_is_named(text: str, message: str, write_alerts: WriteAlerts) -> None:
    """The error names file, rule and key, and says what to write; it never has the URL of a sender."""
    with pytest.raises(ConfigError) as caught:
        read_rules(write_alerts(text))

    assert "alerts.toml: " in str(caught.value)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


SECRET = "json://user:it's a secret@127.0.0.1:9/secret"
_ON = {"runs": "time_zone quiet_hours digest_at on days events to sender", "sources": "states sources"}
_ON["question"] = "options question timeout column key min_confidence min_independent at_least"
_VALUES = (f'{{key}} = "{SECRET}"', f'{{key}} = ["{SECRET}"]', f'{{key}} = {{{{x = "{SECRET}"}}}}')
MISPLACED = [
    *(f'{key} = "{SECRET}"' for key in ("desk", "senders", "rules", "public_url", "time_zone", "digest_at")),
    *(f'"{SECRET}" = 1', f'[senders]\n"{SECRET}" = "desk"', f'[rules]\ndesk = "{SECRET}"', f'rules = ["{SECRET}"]'),
    *(f'[rules."{SECRET}"]\non = "runs"', f'[rules."{SECRET}"]\non = "question"\nquestion = "top-people"'),
    *(f'[senders]\ndesk = ["{SECRET}"]', f'[senders.desk]\nurl = "{SECRET}"', f"[senders]\ndesk = {SECRET}"),
    *(
        f"[rules.a]\n{'' if key == 'on' else f'on = {on!r}'}\n{value.format(key=key)}"
        for on, keys in _ON.items()
        for key in keys.split()
        for value in (*_VALUES, f'[rules.a.{{key}}]\n"{SECRET}" = 1')
    ),
]


@pytest.mark.parametrize("text", MISPLACED)
def test_an_address_at_a_wrong_place_is_in_no_error(text: str, write_alerts: WriteAlerts) -> None:
    """The address of a sender may be written anywhere in the file: no error has a part of it."""
    with pytest.raises(ConfigError) as caught:
        read_rules(write_alerts(text))

    assert "alerts.toml: " in str(caught.value)
    assert "secret" not in f"{caught.value} {caught.value.key}"


def test_all_wrong_keys_are_named_at_once(write_alerts: WriteAlerts) -> None:
    """One error names each wrong key of the file."""
    with pytest.raises(ConfigError, match=r"time_zone: .*; .*rules\.a\.x: unknown key; .*rules\.b\.on: write one of"):
        read_rules(write_alerts("time_zone = 'London'\n[rules.a]\non = 'runs'\nx = 1\n[rules.b]\non = 'x'"))


def test_the_check_reads_no_table(write_alerts: WriteAlerts, small_lake) -> None:
    """A question is prepared, not run, and no file of the lake is read: a damaged lake does not stop the check."""
    for path in small_lake.rglob("*.parquet"):
        path.write_bytes(b"damaged")

    assert len(read_rules(write_alerts(f"{SQL}'SELECT count(*) AS n FROM range(1000000000000)'")).rules) == 1


def test_an_unknown_rule_is_named(write_alerts: WriteAlerts) -> None:
    """The name of a rule that the file lacks is an error with the name most like it."""
    rules = read_rules(write_alerts("[rules.machine]\non = 'machine'"))

    with pytest.raises(ConfigError, match=r"no rule 'machin'; did you mean machine\?"):
        rules.named("machin")
