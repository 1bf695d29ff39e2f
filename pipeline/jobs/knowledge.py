"""The user's knowledge base: import, look-up, and the committed articles that a change of it affects."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from newslake.pipeline.derive import LoadedAnnotator, load_annotator
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.inventory import KNOWLEDGE, check_stores, knowledge_of, note_stores
from newslake.pipeline.kb import (
    ImportResult,
    KbEntry,
    KbInfo,
    KbStore,
    KnowledgeBase,
    NameOverride,
    build_store,
    read_records,
)
from newslake.pipeline.lake import StoredArticle
from newslake.pipeline.nlp.entities.linking import group_of
from newslake.pipeline.settings import Settings
from newslake.pipeline.store.tables import Tables
from newslake.pipeline.tables import combine_versions

_MENTION_COLUMNS = ("article_id", "cluster_index", "entity_text", "mention_kind")
_ARTICLE_COLUMNS = ("article_id", "url", "source_key", "kb_version", "model_name")


@dataclass(frozen=True, slots=True)
class NameKnowledge:
    """All entries with a name, of any type, and the correction that applies everywhere."""

    entries: tuple[KbEntry, ...]
    correction: NameOverride | None


def import_kb(settings: Settings, file: Path) -> ImportResult:
    """Replace the knowledge base with the valid lines of a JSONL file.

    Raises: ConfigError if the file cannot be read, KnowledgeError if it has no valid line.
    """
    try:
        with file.open("rb") as stream:
            done = build_store(settings.kb_path, read_records(stream))
        note_stores(settings)
        return done
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        if error.filename != str(file):
            raise
        raise ConfigError(f"{file}: {error.strerror}; give a JSONL file", key=str(file)) from error


def kb_info(settings: Settings) -> KbInfo | None:
    """Return the size and version of the knowledge base, None without one. Raises: KnowledgeError."""
    check_stores(settings, KNOWLEDGE)
    if not settings.kb_path.exists():
        return None
    with closing(KbStore(settings.kb_path)) as store:
        return store.info()


def look_up(settings: Settings, name: str) -> NameKnowledge:
    """Return the entries and the correction of a name. Raises: ConfigError or KnowledgeError."""
    kb = knowledge_of(settings)
    return NameKnowledge(kb.candidates(name), kb.override_of(name))


def stale_articles(lake: Tables, stored: Mapping[str, StoredArticle], knowledge: KnowledgeBase) -> Collection[str]:
    """Return the committed articles whose names or quotes the current knowledge treats differently.

    The rows of a day are read again only after a commit to the day or a change of the knowledge.
    """
    days = {row.published_date for row in stored.values()} - lake.index.days_current_with(knowledge.version)
    # Read before the rows, so that a later commit invalidates the result.
    known = lake.index.generations() if days else {}
    generations = {day: known.get(day, 0) for day in sorted(days)}
    stale = {day: tuple(outdated_articles(lake, day, knowledge)) for day in generations}
    current = {day: generations[day] for day, found in stale.items() if not found}
    if current:
        lake.index.mark_current(current, knowledge.version)
    return stored.keys() & {each for found in stale.values() for each in found}


def annotator_of(settings: Settings, *, with_untyped: bool = False) -> LoadedAnnotator:
    """Return the annotator with the knowledge base and the corrections.

    Raises: ConfigError, KnowledgeError or MissingStoreError.
    """
    return load_annotator(settings, knowledge_of(settings), with_untyped=with_untyped)


def outdated_articles(lake: Tables, day: date, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield the articles of a day whose names or quotes the current knowledge treats differently."""
    names = names_by_article(lake, day)
    articles = lake.read("articles", days=[day], columns=_ARTICLE_COLUMNS)
    for article_id, url, source_key, version, model in zip(*(c.to_pylist() for c in articles.columns), strict=True):
        here = knowledge.for_article(article_id, url=url, source_key=source_key)
        versions = (*map(here.version_of, names[article_id].values()), here.quotes_version())
        if model is not None and combine_versions(versions) != version:  # without a model, nothing was annotated
            yield article_id


def names_by_article(lake: Tables, day: date) -> Mapping[str, Mapping[object, set[str]]]:
    """Return the names that were looked up in the knowledge base on a day, by article and entity."""
    rows = lake.read("entities", days=[day], columns=_MENTION_COLUMNS)
    names: defaultdict[str, defaultdict[object, set[str]]] = defaultdict(lambda: defaultdict(set))
    for article_id, cluster, text, kind in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        if kind == "name":
            names[article_id][group_of(cluster, text)].add(text)
    return names
