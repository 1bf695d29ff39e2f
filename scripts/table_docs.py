"""Generate docs/tables.md from the contract, the vocabularies and the example rows."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict

import pyarrow as pa

from newslake.pipeline.tables.cluster_schema import CLUSTER_TABLES
from newslake.pipeline.tables.datapackage import text_columns
from newslake.pipeline.tables.log_schema import LOG_TABLES
from newslake.pipeline.tables.schema import ANNOTATION_TABLES, SCHEMA_VERSION, TABLES
from newslake.pipeline.tables.spec import Column, TableSpec
from newslake.pipeline.tables.vocabularies import VOCABULARIES, Vocabulary


class Example(TypedDict):
    """Example rows of one table: some of its columns, and the cells of each row as text."""

    columns: list[str]
    rows: list[list[str]]


type ExampleRows = Mapping[str, Example]

EXAMPLES_FILE = Path(__file__).with_name("example_rows.json")

_INTRO = """\
# The tables

<!-- Written by `make docs` from pipeline/tables. Edit there. -->

Schema version {version}. The [glossary](glossary.md) defines the terms. The diagram shows the tables with their keys
(PK: primary key, FK: key of another table). Each line names the columns to join on.

```mermaid
{diagram}
```

If both tables have `article_id` and `revision_id`, join on both: rows of a new revision are then never joined to rows
of an old one.

- In one article, `speaker_cluster_index`, `actor_cluster_index` and `recipient_cluster_index` refer to `cluster_index`
  of `entities`, and `quote_index` of `entities` refers to `quotes`.
- Columns whose names end in `_entity_id` refer to `entity_id` of `entities`, which is valid in all articles.
- `dup_group_id` is the `article_id` of the earliest article that an article repeats.
- `quote_cluster_id` and `event_cluster_id` are the same for all quotes or mentions of the cluster. They are made from
  the key of its earliest row: `article_id:quote_index`, `article_id:event_index`.
- `person_id` is the `entity_id` of a person, the same for a surname and for the full name that other articles of the
  day have for it. `entity_id` depends on its article alone, so a surname has its own.

## Files

Each table is a folder with one folder per month. The files are Parquet; every engine that reads Parquet can open them:

```
data/lake/tables/<table>/published_month=2026-11/2026-11-27.parquet   an open month: one file per day
data/lake/tables/<table>/published_month=2026-10/2026-10.parquet      a closed month: one file
data/lake/log/<table>/<name>_month=YYYY-MM/*.parquet                  the log tables
```

The last column of each table is its day, in most tables `published_date`: the UTC day of `published_at`, or the news
day if `published_at` is null. The news day is the UTC day of the date that the listing gives for the page, or else of
the first fetch. A day without rows has no file. A month is [closed](operations.md#compaction) some days after its end,
and stays one file. The month is only in the names of the folders: `published_month` for `published_date`,
`decided_month` for `decided_date`. `newslake sql` does not show it, and no query needs it.

**Read few rows.** The rows of a file are sorted by day, and a row group ends with a day once it has 16,384 rows (1,024
in `articles`). So a condition on `published_date` makes an engine skip the other row groups; one on `published_at` does
not. To skip whole files, which pays for many years and on S3, most engines can read the month in the path as a text
column:

```sql
WHERE published_date >= DATE '2026-10-15' AND published_month >= '2026-10'
```

`newslake ask` and `newslake sql` skip files by `--from` and `--to`. For other engines, see
[engines.md](addons/engines.md#read-some-days).

**Metadata.** Each file has the schema version, the name and the description of its table: in Python
`pyarrow.parquet.read_schema(path).metadata`, in DuckDB `parquet_kv_metadata(path)`. `data/lake/datapackage.json` is a
[Data Package](https://datapackage.org/standard/data-package/): columns, types, keys, closed vocabularies, and the row
counts and bytes of annotation and cluster tables, updated by each commit. Its `path` is a glob pattern.
`data/lake/datacontract.odcs.yaml` has the same columns as a contract of the
[Open Data Contract Standard](https://bitol-io.github.io/open-data-contract-standard/) (version 3); it changes only with
the schema. `classification: publisher text` marks text of the publishers.

## Open them

`newslake sql "SELECT ..."` has every table as a view. A query sees the rows of all annotation and cluster tables as of
the same commit. Some views have more columns:

- `articles` has `dup_group_id` and `is_duplicate`,
- `entities` has `person_id` and `person_name`: those of `person_links`, else `entity_id` and `entity_name`; null if the
  entity is not a person,
- `quotes` has `quote_cluster_id` and `is_repeat` (whether it repeats an earlier quote), and in the same way
  `speaker_person_id` and `speaker_person_name`,
- `events` has `event_cluster_id`.

`articles_stored`, `entities_stored`, `quotes_stored` and `events_stored` do not have them; queries on them are faster.

- `article_events` has one row per event of an article: the columns of `events` for its first mention, with the highest
  `salience` and `confidence` of its mentions, `mention_count` and `mention_indexes`.
- `outlets` has one row per outlet: `outlet` (its `outlet_key`, else its publisher), `publisher` (the name that most of
  its articles have), `articles` (their number).

In DuckDB without newslake, create one view per table; [engines.md](addons/engines.md) covers other engines and R, and
columns that older files lack:

```sql
SET TimeZone = 'UTC';
CREATE VIEW quotes AS FROM read_parquet('data/lake/tables/quotes/*/*.parquet', hive_partitioning = false);
```

## Offsets

Offsets count code points of `articles.text` from 0; the end offset is exclusive. In Python, `text[start_char:end_char]`
is the recorded text. SQL counts from 1, so `substring` needs **+1**:

```sql
SELECT q.quote_text = substring(a.text, q.start_char + 1, q.end_char - q.start_char) AS same
FROM quotes q JOIN articles a USING (article_id, revision_id);
```

In languages whose strings count UTF-16 units (JavaScript, Java, C#), offsets shift by one after each character above
U+FFFF, such as an emoji.

## How to read this page

- A type with `?` may be null. A null means that newslake did not find the value in the text or page; where it means
  something else, the description says so.
- A `timestamp` has microseconds. All times are UTC.
- † marks text that `newslake lake export --no-text` omits. Exports have the annotation tables, the cluster tables
  without `co_mentions`, and `deletions`: see [share.md](addons/share.md).
- The example rows are invented, and show some columns; (…) is a cut, an empty cell is null. Those of the log tables and
  of `person_links` are not from `make demo`.

**Shared columns** have the same meaning in all tables that have them:

{shared}
"""
_GROUPS = (
    (
        "Annotation tables",
        "The articles and their annotation. Each row depends on one article only. A commit replaces the rows of an "
        "article in all four tables at once.",
        ANNOTATION_TABLES,
    ),
    (
        "Cluster tables",
        "Relations between articles, computed from the annotation tables. `revisions` also needs the archive.",
        CLUSTER_TABLES,
    ),
    (
        "Log tables",
        "Append-only tables: the outcome of each page, the requests for listings, the runs, and the deletions.",
        LOG_TABLES,
    ),
)
_VALUES = """\
## Values

The fixed lists of values, and what each means.
"""
_ALIASES = {
    "bool": "boolean",
    "double": "float64",
    "date32[day]": "date",
    "timestamp[us, tz=UTC]": "timestamp",
}

# The arrows of the diagram: table, cardinality in the notation of Mermaid, table, columns to join on.
JOINS = (
    ("articles", "||--o{", "entities", ("article_id", "revision_id")),
    ("articles", "||--o{", "quotes", ("article_id", "revision_id")),
    ("articles", "||--o{", "events", ("article_id", "revision_id")),
    ("articles", "||--o|", "near_duplicates", ("article_id", "revision_id")),
    ("articles", "||--o{", "revisions", ("article_id",)),
    ("quotes", "||--o|", "quote_clusters", ("article_id", "revision_id", "quote_index")),
    ("events", "||--o|", "event_cluster_members", ("article_id", "revision_id", "event_index")),
    ("event_clusters", "||--|{", "event_cluster_members", ("event_cluster_id",)),
    ("events", "||--o|", "event_clusters", ("article_id", "revision_id", "event_index")),
    ("entities", "}o--o|", "person_links", ("article_id", "revision_id", "cluster_index")),
    ("entities", "}o--o{", "co_mentions", ("entity_id",)),
    ("articles", "|o--o{", "outcomes", ("article_id",)),
    ("runs", "|o--o{", "outcomes", ("run_id",)),
    ("runs", "|o--o{", "listing_fetches", ("run_id",)),
)
_GROUP_IDS = ("_group_id", "_cluster_id")
_HEAD = ("|column|type|description|", "|---|---|---|")
_SHARED_BY = 3  # tables
_EXAMPLES = 2  # rows of a table
_SHORT = 6  # words of a value and its meaning


def tables_markdown(examples: ExampleRows | None = None) -> str:
    """Return the content of docs/tables.md; the default examples are those of ``EXAMPLES_FILE``."""
    shown = json.loads(EXAMPLES_FILE.read_text("utf-8")) if examples is None else examples
    parts = [_INTRO.format(version=SCHEMA_VERSION, diagram=_diagram(), shared=_shared_table())]
    for title, about, specs in _GROUPS:
        parts += [f"## {title}\n\n{about}\n", *(_table(spec, shown.get(spec.name)) for spec in specs)]
    return "\n".join((*parts, _VALUES, *map(_vocabulary, VOCABULARIES)))


def _diagram() -> str:
    """Return the tables with their keys and joins as a Mermaid diagram."""
    lines = [line for spec in TABLES for line in (f"  {spec.name} {{", *_key_lines(spec), "  }")]
    joins = [f'  {one} {cardinality} {other} : "{", ".join(names)}"' for one, cardinality, other, names in JOINS]
    return "\n".join(("erDiagram", *lines, *joins))


def _key_lines(spec: TableSpec) -> Iterable[str]:
    if spec.day_column in spec.whole_key:
        yield f"    date {spec.day_column} PK"
    foreign = {name for _, _, table, names in JOINS if table == spec.name for name in names}
    joined = {name for table, _, _, names in JOINS if table == spec.name for name in names}
    for column in spec.columns:
        is_primary, is_foreign = column.name in spec.key, column.name in foreign or column.name.endswith(_GROUP_IDS)
        if is_primary or is_foreign or column.name in joined:
            marks = ", ".join((*["PK"] * is_primary, *["FK"] * (column.name in foreign)))
            yield f"    {_type(column.type).split()[0]} {column.name} {marks}".rstrip()


def _shared_columns() -> Mapping[str, Column]:
    """Return the columns that several tables have with one meaning, by name."""
    columns = Counter((column.name, column.about) for spec in TABLES for column in spec.file_columns)
    shared = {name for (name, _), tables in columns.items() if tables >= _SHARED_BY}
    first = reversed([column for spec in TABLES for column in spec.file_columns])
    return {column.name: column for column in first if column.name in shared}


def _shared_table() -> str:
    rows = (_line(f"`{each.name}`", _column_type(each), each.about) for each in _shared_columns().values())
    return "\n".join((*_HEAD, *rows))


def _table(spec: TableSpec, example: Example | None) -> str:
    return "\n".join(
        (
            f"### {spec.name}\n",
            f"{spec.about} Key: {_names(spec.whole_key)}. Sorted by {_names((spec.day_column, *spec.sort_by))}.\n",
            *_HEAD,
            *(_row(spec, column) for column in spec.file_columns),
            "",
            *(_example(example) if example else ()),
        )
    )


def _row(spec: TableSpec, column: Column) -> str:
    shared = _shared_columns().get(column.name)
    about = "shared" if shared is not None and shared.about == column.about else column.about + _values(spec, column)
    if column.name in text_columns(spec) and spec not in LOG_TABLES:
        about += " †"
    return _line(f"`{column.name}`", _column_type(column), about)


def _column_type(column: Column) -> str:
    return f"{_type(column.type)}{'?' if column.nullable else ''}"


def _values(spec: TableSpec, column: Column) -> str:
    """Return a link to the values of a column; "" if it has no vocabulary."""
    name = f"{spec.name}.{column.name}"
    for vocabulary in VOCABULARIES:
        if name in {each.partition("[]")[0] for each in vocabulary.columns}:
            return f" [Values](#{vocabulary.name})."
    return ""


def _example(example: Example) -> Iterable[str]:
    yield _line(*example["columns"])
    yield "|" + "---|" * len(example["columns"])
    yield from (_line(*row) for row in example["rows"][:_EXAMPLES])
    yield ""


def _vocabulary(vocabulary: Vocabulary) -> str:
    head = f"### {vocabulary.name}\n\nValues of {_names(vocabulary.columns)}. {vocabulary.note}".rstrip()
    values = [f"`{value}`: {meaning}" for value, meaning in vocabulary.meanings.items()]
    are_short = max(len(each.split()) for each in values) <= _SHORT and not any(";" in each for each in values)
    return f"{head}\n\n{'; '.join(values) + '.' if are_short else '\n'.join(f'- {each}' for each in values)}\n"


def _line(*cells: str) -> str:
    """Return one line of a table, without padding."""
    return "".join(f"|{cell.replace('|', '\\|')}" for cell in cells) + "|"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"({', '.join(f'{field.name} {_type(field.type)}' for field in kind)})"
    return _ALIASES.get(str(kind), str(kind))
