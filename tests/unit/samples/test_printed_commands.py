"""Every command that the documentation, a message or a page shows can be pasted after `make demo`, and works."""

import csv
import html
import re
import shutil
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.addons.newsroom.pages.outcomes import why_page
from newslake.pipeline.addons.newsroom.pages.saved_queries import parse_question_request, question_page
from newslake.pipeline.model import article_id_of, canonical_url
from newslake.pipeline.show.provenance import trace_provenance
from samples.demo import NEXT_COMMANDS
from samples.server import DAYS, DEFAULT_PORT, Newsroom
from tests.addons.audit.invented import all_right
from tests.architecture.tree import ROOT, modules, text_of
from tests.unit.cli.test_commands import called, newslake
from tests.unit.jobs.test_run import INBOX, open_at, run_evening
from tests.unit.samples.printed_commands import (
    PAGES,
    ShownCommand,
    commands_in_text,
    parse_command,
    shown_commands,
    wrong_option,
)

pytestmark = [pytest.mark.model, pytest.mark.addons]

SHOWN = tuple(command for page in PAGES for command in shown_commands(page))
# What a test cannot run, by how the command begins. The names and options of newslake's own are checked all the same.
NOT_RUN = {
    "newslake airflow": "needs the database that `make up` prepares; test_airflow_takes_the_options has its options",
    "newslake sources check https://": "asks a site of the reader's own, over the network",
    "newslake init": "asks a person, and a site over the network; test_init.py runs it",
    "newslake sources add saved-pages": "reads files of the reader's own",
    "newslake run --source saved_pages": "reads files of the reader's own",
    "newslake sources add https://": "asks a site of the reader's own, over the network",
    "newslake spark backfill": "needs Spark and Java; tests/engines/test_spark_backfill.py runs it",
    "newslake store migrate": "needs the services of a shared store; tests/store/test_migration.py runs it",
    "git": "fetches the project, over the network",
    "pip": "installs packages, over the network; tests/wheel installs the wheel",
    "cd": "goes into the folder that git makes",
    "make": "sets up or runs for minutes; that its target exists is checked",
    "export": "sets the shell up",
    "set": "sets the shell up",
    "apt-get": "installs packages, over the network",
    "runuser": "makes a user of PostgreSQL; `make scale-test` runs the services",
    "weed": "starts object storage; `make scale-test` runs the services",
    "printf": "makes buckets of that object storage",
    "echo": "writes its key into a file",
    "cat >newslake.env": "selects the shared store, whose services are not there",
    "cp": "copies a file for Docker",
    "chmod": "protects a file for Docker",
    "docker": "needs Docker",
    "cat >secrets.env": "holds the secrets of a cluster",
    "kubectl": "needs a Kubernetes cluster",
    "helm": "needs a Kubernetes cluster",
    "curl": "asks the API server of an Airflow",
    "trino": "needs a Trino cluster",
    "python - <<'END'": "deletes tables in the catalog of a shared store",
    "psql": "deletes the schema of a shared store",
    "aws": "needs an account of Amazon",
    "bq": "needs an account of Google",
}
ARTICLE, REJECTED = "/lantern/2026/03/02/school-phones", "/courier/video/regatta-rescue.html"
QUESTIONS = (
    ("top-speakers", {"from": "2026-03-02", "to": "2026-03-03"}),
    ("who-said-what", {"source": "courier", "about": "Howard Winter"}),
)
LONGEST_RUN = timedelta(days=2)  # of `newslake run`: the first days stand for a year
_DIGITS = re.compile(r"\b[0-9a-f]{8,}\b|\d+")


def _beginning(command: ShownCommand) -> str | None:
    return next((each for each in NOT_RUN if command.text.startswith(each)), None)


@dataclass(frozen=True)
class SampleLake:
    """The data root after three evenings, and its ids for those of the demo."""

    root: Path
    newsroom: Newsroom
    ids: dict[str, str]

    def fitted(self, text: str) -> str:
        """Return a text with the port and the article ids of this lake, not of port 8808."""
        for shown, own in self.ids.items():
            text = text.replace(shown, own)
        return text.replace(f"127.0.0.1:{DEFAULT_PORT}", f"127.0.0.1:{self.newsroom.port}")

    def copy_to(self, folder: Path) -> Path:
        """Put into a folder what the project's folder has after `make demo`."""
        shutil.copytree(self.root, folder / "data", ignore=shutil.ignore_patterns("sources.toml"))
        (folder / "sources.toml").write_text(self.fitted(text_of("sources.toml")), "utf-8")
        (folder / "samples").symlink_to(ROOT / "samples")
        (folder / "docs" / "pictures").mkdir(parents=True)
        return folder


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleLake]:
    """The lake of the sample newsroom, which goes on answering."""
    root = tmp_path_factory.mktemp("demo") / "data"
    root.mkdir()
    shutil.copytree(INBOX, root / "inbox")
    with Newsroom() as newsroom:
        for day in DAYS:
            run_evening(root, newsroom, day)
        stored = open_at(root, newsroom, DAYS[-1]).lake.read("articles", columns=["article_id", "url"])
        ids = {
            _demo_id(row["url"], newsroom.port): row["article_id"]
            for row in stored.to_pylist()
            if row["url"] is not None
        }
        yield SampleLake(root, newsroom, ids)


def _demo_id(url: str, port: int) -> str:
    canonical = canonical_url(url.replace(f":{port}/", f":{DEFAULT_PORT}/"))
    return article_id_of(canonical=canonical, text="")


@pytest.fixture
def place(sample: SampleLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with the lake, in which commands may write. No browser is opened."""
    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    return sample.copy_to(tmp_path)


def _run(command: ShownCommand, place: Path, fitted: Callable[[str], str]) -> str:
    """Run a command as a shell would; return what it printed. Fails where its exit code is not 0."""
    words, given = [fitted(word) for word in command.words], fitted(command.given or "")
    if command.words[0] == "mkdir":
        (place / words[-1]).mkdir(parents=True, exist_ok=True)
        return ""
    if command.words[0] == "cat":
        with (place / (command.append_to or command.write_to or "")).open("a" if command.append_to else "w") as file:
            file.write(given)
        return ""
    assert command.words[0] == "newslake", command
    if command.read_from:
        given = (place / command.read_from).read_text("utf-8")
    if words[1] == "audit":
        _judge(words, place)
    # Later than on the last evening, the sources of the sample newsroom are stale, and doctor exits with 1.
    clock = {"NEWS_FROZEN_NOW": f"{DAYS[-1]}T20:00:00Z"} if words[1] == "doctor" else {}
    done = called(*_prepared(words[1:]), cwd=place, given=given, **clock)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    if command.write_to:
        (place / command.write_to).write_text(done.stdout, "utf-8")
    return f"{done.stdout}\n{done.stderr}"


def _judge(words: list[str], place: Path) -> None:
    """Write the sheets that people fill between two commands: `quotes-demo-ana.csv`. They differ about one row."""
    for name in (word for word in words if word.endswith(".csv") and not (place / word).exists()):
        draw_id = name.removesuffix(".csv").rpartition("-")[0]
        sheet = place / "data" / "audits" / draw_id / f"{draw_id}.csv"
        if sheet.exists():
            lines = list(csv.DictReader(sheet.read_text("utf-8-sig").splitlines(keepends=True)))
            reader = name.removesuffix(".csv").removeprefix(f"{draw_id}-")
            with (place / name).open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, lines[0].keys())
                writer.writeheader()
                writer.writerows(line | all_right(reader=reader) for line in lines[1:])
                writer.writerow(lines[0] | all_right(reader=reader, span="right" if reader == "ana" else "wrong"))


def _prepared(words: list[str]) -> list[str]:
    """Return the words with a shorter range to run, and with the answer of a person to what the command asks."""
    if words[0] == "run" and "--to" in words:
        first = date.fromisoformat(words[words.index("--from") + 1])
        last = date.fromisoformat(words[words.index("--to") + 1])
        words[words.index("--to") + 1] = min(last, first + LONGEST_RUN).isoformat()
    asks = words[0] == "forget" and not {"--dry-run", "--list", "--yes"}.intersection(words)
    return [*words, "--yes"] if asks else words


def _plain(text: str) -> str:
    """Return a text without line ends and numbers, to compare it."""
    return _DIGITS.sub("0", " ".join(text.split()))


def _missing_lines(command: ShownCommand, printed: str) -> list[str]:
    """Return the lines that a page shows below a command and the command does not print; … is any text."""
    found = _plain(printed)
    return [line for line in command.shown.splitlines() for piece in line.split("…") if _plain(piece) not in found]


def _next_commands(printed: str) -> list[str]:
    """Return the commands that an output gives, each on an indented line of its own."""
    return re.findall(r"^ +(newslake [a-z].*?) *$", printed, re.MULTILINE)


@pytest.mark.parametrize("page", sorted({command.page for command in SHOWN}))
def test_commands_of_a_page_run(page: str, place: Path, sample: SampleLake) -> None:
    """The commands of a page, one after the other, exit with 0, print what the page shows, and advise what exists."""
    for command in (each for each in SHOWN if each.page == page and _beginning(each) is None):
        printed = _run(command, place, sample.fitted)

        assert _missing_lines(command, printed) == [], f"{command}\n{printed}"
        advised = [parse_command("output", line) for line in _next_commands(printed)]
        assert [(each.text, wrong) for each in advised if (wrong := wrong_option(each.words))] == []


def test_what_is_not_run_exists() -> None:
    """Every entry of NOT_RUN begins a command; of these, options of newslake and targets of make are there."""
    assert NOT_RUN.keys() == {beginning for command in SHOWN if (beginning := _beginning(command))}
    not_run = [command for command in SHOWN if _beginning(command)]
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    ours = [each for each in not_run if each.words[0] in ("newslake", "docker") and "newslake" in each.words]
    called_in = [(each, each.words[each.words.index("newslake") :]) for each in ours]

    assert [(str(each), wrong) for each, words in called_in if (wrong := wrong_option(words))] == []
    assert [str(each) for each in not_run if each.words[0] == "make" and each.words[1] not in targets] == []


def test_airflow_takes_the_options(place: Path) -> None:
    """Every backfill that a page or `newslake plan` shows has only options of Airflow's own command."""
    plan = called("plan", "--from", "2026-03-01", "--to", "2026-03-31", cwd=place)
    printed = [parse_command("plan", line) for line in _next_commands(plan.stdout)]
    shown = [each.words for each in (*SHOWN, *printed) if each.words[:2] == ("newslake", "airflow")]
    printed_help = newslake(
        "airflow", "backfill", "create", "--help", cwd=place, AIRFLOW_HOME=str(place / "airflow")
    ).stdout

    assert [each.words[1] for each in printed] == ["run", "airflow"]
    assert {words[2:4] for words in shown} == {("backfill", "create")}
    assert {word for words in shown for word in words if word.startswith("--")} <= set(
        re.findall(r"--[a-z-]+", printed_help)
    )


def test_airflow_exits_as_airflow_does(tmp_path: Path) -> None:
    """`newslake airflow` has our home and DAGs, and Airflow's exit code."""
    home = {"AIRFLOW_HOME": str(tmp_path)}
    folder = newslake("airflow", "config", "get-value", "core", "dags_folder", cwd=tmp_path, **home)

    assert (folder.returncode, folder.stdout.strip()) == (0, str(ROOT / "dags"))
    assert newslake("airflow", "dags", "nothing", "--of", "this", cwd=tmp_path, **home).returncode == 2


def test_commands_in_texts_exist() -> None:
    """A command in a sentence, of the documentation, a message or a docstring, has a name and options that exist."""
    code = [(module.path, module.source) for module in modules("pipeline", "plugins", "dags", "samples")]
    texts = [*((page, text_of(page)) for page in (*PAGES, "sources.toml", "samples/README.md")), *code]

    assert [
        (path, " ".join(words), wrong)
        for path, text in texts
        for words in commands_in_text(text)
        if (wrong := wrong_option(words))
    ] == []
    assert [path for path, text in texts if re.search(r"`airflow [a-z]", text)] == [], "say `newslake airflow ...`"


def test_next_commands_of_the_demo_run(place: Path, sample: SampleLake) -> None:
    """What `make demo` names at its end works."""
    for command in NEXT_COMMANDS:
        _run(parse_command("make demo", command), place, sample.fitted)


def test_corrections_of_the_page_touch_articles(place: Path, sample: SampleLake) -> None:
    """Every block of corrections in docs/addons/corrections.md changes rows of the sample newsroom."""
    page = "docs/addons/corrections.md"
    (command,) = [each for each in SHOWN if each.page == page and each.given]
    blocks = re.findall(r"```toml\n(.*?)```", text_of(page), re.DOTALL)

    assert len(blocks) >= 3
    for block in blocks:
        _run(replace(command, given=block), place, sample.fitted)


def test_commands_on_pages_run(place: Path, sample: SampleLake) -> None:
    """The command below a question gives its answer; the commands of an article and of a page without one work."""
    space = open_at(place / "data", sample.newsroom, DAYS[-1])
    article, missing = (sample.fitted(f"http://127.0.0.1:{DEFAULT_PORT}{path}") for path in (ARTICLE, REJECTED))
    called("show", article, "--html", "article.html", cwd=place)
    pages = [
        (place / "article.html").read_text("utf-8"),
        *(why_page(trace_provenance(space, url), root="") for url in (article, missing)),
        *(
            question_page(space.settings.lake_dir, parse_question_request(slug, query), root="")
            for slug, query in QUESTIONS
        ),
    ]
    found = {html.unescape(each) for page in pages for each in re.findall(r"<(?:code|bdi)>(newslake .*?)</", page)}
    by_name = {each.words[1:3] if each.words[1] == "ask" else each.words[1]: each for each in map(_of_web, found)}

    assert by_name.keys() == {"why", "history", "try", "push", *(("ask", slug) for slug, _ in QUESTIONS)}
    for command in by_name.values():
        _run(command, place, sample.fitted)


def _of_web(line: str) -> ShownCommand:
    return parse_command("web", line)
