"""Generate docs/tables.md from the contract, the vocabularies and the example rows."""

import json
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

If both tables have `article_id` and `revision_id`, join on both. Then rows of a new revision are never joined to rows
of an old revision.

- In one article, `speaker_cluster_index`, `actor_cluster_index` and `recipient_cluster_index` refer to `cluster_index`
  of `entities`.
- `quote_index` of `entities` refers to `quote_index` of `quotes`.
- Columns whose names end in `_entity_id` refer to `entity_id` of `entities`. One
  `entity_id` is valid in all articles, so it also joins rows of different articles.
- `dup_group_id` is the `article_id` of the earliest article that an article repeats.
- Rows of `quotes` with the same `quote_cluster_id` repeat the same quote. Event mentions with the same
  `event_cluster_id` report the same event. The id of a cluster is
  made from the key of its earliest row: `article_id:quote_index` or `article_id:event_index`.
- `person_id` is the `entity_id` of a person. It has the same value for a surname and for the full name that other
  articles of the day have for it. `entity_id` depends on its article alone, so a surname has its own.

## Files

Each table is a folder with one folder per month. The files are Parquet; every engine that reads Parquet can open them:

```
data/lake/tables/<table>/published_month=2026-11/2026-11-27.parquet   an open month: one file per day
data/lake/tables/<table>/published_month=2026-10/2026-10.parquet      a closed month: one file
data/lake/log/<table>/<name>_month=YYYY-MM/*.parquet                  the log tables
```

Each file has all columns of its table. The last column is the day, in most tables `published_date`: the published day
of the article, which is the UTC day of `published_at`, or the news day if `published_at` is null. The news day is the
UTC day of the date that the listing gives for the page, or else of the first fetch of the page. A day without rows has
no file. All times are UTC. A null means that newslake did not find the value in the text or page; where null means
something else, the description of the column says so.

A month is closed some days after its end ([operations.md](operations.md)). Its rows stay in one file, also if articles
come in later. The month itself is only in the names of the folders. `newslake sql` does not show it, and no query needs
it.

**Where a row lies, and how to read few rows.** A row is in the folder of the month of its `published_date`. The rows of
a file are sorted by day. A row group ends with a day once it has 16,384 rows, in `articles` 1,024; a smaller month is
one group. So a condition on `published_date` is enough: an engine knows the first and last day of each row group, and
skips the others. A condition on `published_at` reads more.
An engine still opens each file for its footer. Most engines can read the month in the path as a text column,
`published_month`, and then skip whole files. That pays for many years, and on S3:

```sql
WHERE published_date >= DATE '2026-10-15' AND published_month >= '2026-10'
```

`newslake ask` and `newslake sql` skip files by `--from` and `--to`. For other engines, see
[engines.md](engines.md#read-some-days).

The metadata of each file has the schema version, the name and the description of its table: in Python
`pyarrow.parquet.read_schema(path).metadata`, in DuckDB `parquet_kv_metadata(path)`. The descriptions of the columns are
in `datapackage.json` and here; in every file they would take a tenth of a small day
([decision 55](adr/README.md)).

`data/lake/datapackage.json` is a [Data Package](https://datapackage.org/standard/data-package/). It has the columns,
types, keys and closed vocabularies of all tables, and the row counts and bytes of the annotation tables and cluster
tables. Each commit updates it. The `path` of a table is a glob pattern, which engines can open.

`data/lake/datacontract.odcs.yaml` has the same tables, columns and keys as a contract of the
[Open Data Contract Standard](https://bitol-io.github.io/open-data-contract-standard/) (version 3), which data catalogs
and checkers read. It has no numbers: it changes only with the schema. `classification: publisher text` marks the
columns with text of the publishers.

"Not in exports without text" marks the columns that `newslake lake export --no-text` omits. Exports have the annotation
tables, the cluster tables without `co_mentions`, and `deletions`: see [share.md](how-to/share.md).

## Open them

`newslake sql "SELECT ..."` has every table as a view. A query sees the rows of all annotation and cluster tables as of
the same commit.
Four views have additional columns from the cluster tables:

- `articles` has `dup_group_id` and `is_duplicate`,
- `entities` has `person_id` and `person_name`: those of `person_links`, else `entity_id` and `entity_name`; null if the
  entity is not a person,
- `quotes` has `quote_cluster_id` and `is_repeat` (whether the quote repeats an earlier quote), and in the same way
  `speaker_person_id` and `speaker_person_name`,
- `events` has `event_cluster_id`.

The view `article_events` has one row per event of an article: the columns of `events` for its first mention, with the
highest `salience` and `confidence` of its mentions, `mention_count`, and `mention_indexes` (the `event_index` of each
mention, in order).

The view `outlets` has one row per outlet: `outlet` (its `outlet_key`, else its publisher), `publisher` (the name that
most of its articles have), `articles` (their number).

`articles_stored`, `entities_stored`, `quotes_stored` and `events_stored` are the same tables without these columns.
Queries on them are faster. In DuckDB without newslake, create one view per table:

```sql
SET TimeZone = 'UTC';
CREATE VIEW quotes AS FROM read_parquet('data/lake/tables/quotes/*/*.parquet', hive_partitioning = false);
```

[engines.md](engines.md) covers ClickHouse, Polars, DataFusion, pandas, Spark, Trino, Athena, BigQuery and R. It also
says what to do about a column that older files lack.

## Offsets

Offsets count code points of `articles.text` from 0. The end offset is exclusive: it is the offset of the first code
point after the span. In Python, `text[start_char:end_char]` is the recorded text. SQL counts from 1, so `substring`
needs **+1**:

```sql
SELECT q.quote_text = substring(a.text, q.start_char + 1, q.end_char - q.start_char) AS same
FROM quotes q JOIN articles a USING (article_id, revision_id);
```

DuckDB's `substring` counts code points. In languages whose strings count UTF-16 units (JavaScript, Java, C#), offsets
shift by one after each character above U+FFFF, such as an emoji.

## Example rows

The example rows come from the sample newsroom, which has invented news. Each example shows some of the columns. Long
ids and texts are cut (…), and an empty cell is null. The example rows of the log tables come from a script, not from
`make demo`; neither do those of `person_links`, where each article but the first names people only by their surnames.
After `make demo`, the run ids are those of Airflow, and `deletions` is empty.
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

The columns below have a fixed list of values. This section explains each value.
"""
_ALIASES = {
    "bool": "boolean",
    "double": "float64",
    "date32[day]": "date",
    "timestamp[us, tz=UTC]": "timestamp (µs, UTC)",
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


def tables_markdown(examples: ExampleRows | None = None) -> str:
    """Return the content of docs/tables.md; the default examples are those of ``EXAMPLES_FILE``."""
    shown = json.loads(EXAMPLES_FILE.read_text("utf-8")) if examples is None else examples
    parts = [_INTRO.format(version=SCHEMA_VERSION, diagram=_diagram())]
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


def _table(spec: TableSpec, example: Example | None) -> str:
    return "\n".join(
        (
            f"### {spec.name}\n",
            f"{spec.about} Key: {_names(spec.whole_key)}. Sorted by {_names((spec.day_column, *spec.sort_by))}. "
            f"Folders: `{spec.month_column}`.\n",
            "| column | type | null | description |",
            "|---|---|---|---|",
            *(_row(spec, column) for column in spec.file_columns),
            "",
            *(_example(example) if example else ()),
        )
    )


def _row(spec: TableSpec, column: Column) -> str:
    about = column.about + _values(spec, column)
    if column.name in text_columns(spec) and spec not in LOG_TABLES:
        about += " Not in exports without text."
    return f"| `{column.name}` | {_type(column.type)} | {'yes' if column.nullable else ''} | {_escape(about)} |"


def _values(spec: TableSpec, column: Column) -> str:
    """Return the values of a column with a link to their meaning; "" if it has no vocabulary."""
    name = f"{spec.name}.{column.name}"
    for vocabulary in VOCABULARIES:
        if name in {each.partition("[]")[0] for each in vocabulary.columns}:
            shown = _names(column.values) if column.values else "Values"
            return f" [{shown}](#{vocabulary.name})."
    return ""


def _example(example: Example) -> Iterable[str]:
    yield f"| {' | '.join(example['columns'])} |"
    yield "|" + "---|" * len(example["columns"])
    yield from (f"| {' | '.join(map(_escape, row))} |" for row in example["rows"])
    yield ""


def _vocabulary(vocabulary: Vocabulary) -> str:
    columns = _names(vocabulary.columns)
    return "\n".join(
        (
            f"### {vocabulary.name}\n",
            f"Values of {columns}. {vocabulary.note}".rstrip() + "\n",
            "| value | meaning |",
            "|---|---|",
            *(f"| `{value}` | {_escape(meaning)} |" for value, meaning in vocabulary.meanings.items()),
            "",
        )
    )


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"({', '.join(f'{field.name} {_type(field.type)}' for field in kind)})"
    return _ALIASES.get(str(kind), str(kind))
