"""Generate docs/tables.md from the contract, the vocabularies and the example rows."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict

import pyarrow as pa

from pipeline.tables.datapackage import text_columns
from pipeline.tables.schema import CLUSTER_TABLES, LOG_TABLES, READING_TABLES, SCHEMA_VERSION, TABLES
from pipeline.tables.spec import Column, TableSpec
from pipeline.tables.vocabularies import VOCABULARIES, Vocabulary


class Example(TypedDict):
    """Example rows of one table: some of its columns, and the cells of each row as text."""

    columns: list[str]
    rows: list[list[str]]


type ExampleRows = Mapping[str, Example]

EXAMPLES_FILE = Path(__file__).with_name("example_rows.json")

_INTRO = """\
# The tables

<!-- Written by `make docs` from pipeline/tables. Edit there. -->

Schema version {version}. The diagram shows the tables with their keys (PK: primary key, FK: key of another table). Each
line names the columns to join on.

```mermaid
{diagram}
```

Where both tables have `article_id` and `revision_id`, join on both: a new revision then never meets the rows of an old
one. Inside an article, `speaker_cluster_index`, `actor_cluster_index` and `recipient_cluster_index` refer to
`cluster_index` of `entities`, and `quote_index` of `entities` to `quotes`. Columns that end in `_entity_id` refer to
`entity_id`, which is the same in all articles. `dup_group_id`, `quote_cluster_id` and `event_cluster_id` group the
articles, quotes and events that are one. The id of a group is the id of its earliest member.

## Files

Each table is a folder of Parquet files with one folder per day. Every engine that reads Parquet can open them:

```
data/lake/tables/<table>/published_date=YYYY-MM-DD/part-0.parquet
data/lake/log/<table>/<day>=YYYY-MM-DD/*.parquet
```

The day is only in the path. `published_date` is the UTC day of `published_at`, or the news day if `published_at` is
null. The news day is the UTC day in the page's listing, else the day of its first fetch. A day without rows has no
file. All times are UTC. A null means that the text or the page does not state the value.

The data describes itself. The metadata of each file has the schema version and the description of the table and of each
column (`pyarrow.parquet.read_schema(path).field("text").metadata`; in SQL, `parquet_kv_metadata(path)` has that of the
table). `data/lake/datapackage.json` is a [Data Package](https://datapackage.org/standard/data-package/) with the
columns, types, keys, closed vocabularies, row counts and bytes of every table. Each commit writes it, from the tables
alone. Its `path` is a glob pattern, as engines open it, instead of a list of thousands of files.

"Not in exports without text" marks columns that `newslake lake export --no-text` drops: [share.md](how-to/share.md).

## Open them

`newslake sql "SELECT ..."` has every table as a view, and each day's tables are of one commit. Three views have
columns of the cluster tables: `articles` has `dup_group_id` and `is_duplicate`, `quotes` has `quote_cluster_id` and
`is_repeat` (whether it repeats an earlier quote), `events` has `event_cluster_id`. `articles_stored`, `quotes_stored`
and `events_stored` are the tables without this join, and faster. In DuckDB without newslake, create a view per table:

```sql
SET TimeZone = 'UTC';
CREATE VIEW quotes AS SELECT * FROM read_parquet('data/lake/tables/quotes/*/*.parquet',
  hive_partitioning = true, hive_types = {{'published_date': DATE}}, union_by_name = true);
```

ClickHouse, Polars, DataFusion, pandas, Spark, Trino, Athena, BigQuery and R are in [engines.md](engines.md), with their
treatment of columns that older files do not have.

## Offsets

Offsets count code points of `articles.text` from 0. The end offset is that of the code point after the last. In Python,
`text[start_char:end_char]` is the recorded text. SQL counts from 1, so `substring` needs **+1**:

```sql
SELECT q.quote_text = substring(a.text, q.start_char + 1, q.end_char - q.start_char) AS same
FROM quotes q JOIN articles a USING (article_id, revision_id);
```

DuckDB's `substring` counts code points. In languages whose strings count UTF-16 units (JavaScript, Java, C#), offsets
shift by one after each character above U+FFFF, such as an emoji.

## Example rows

The example rows of each table are from the sample newsroom (`make demo`), whose news is invented. They have some of the
columns. Long ids and texts are cut (…), and an empty cell is null.
"""
_GROUPS = (
    (
        "Reading tables",
        "The annotation of each article: each row depends on one article alone. A commit changes all four at once.",
        READING_TABLES,
    ),
    (
        "Cluster tables",
        "Relations between articles, derived from the reading tables; `revisions` also needs the archive.",
        CLUSTER_TABLES,
    ),
    ("Log tables", "Append-only: what runs did, and the outcome of every page.", LOG_TABLES),
)
_VALUES = """\
## Values

The meaning of each value of the columns that have a fixed list.
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
    if spec.partition in spec.whole_key:
        yield f"    date {spec.partition} PK"
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
            f"{spec.about} Key: {_names(spec.whole_key)}. Sorted by {_names(spec.sort_by)}. "
            f"Partition: `{spec.partition}`.\n",
            "| column | type | null | description |",
            "|---|---|---|---|",
            *(_row(spec, column) for column in spec.columns),
            "",
            *(_example(example) if example else ()),
        )
    )


def _row(spec: TableSpec, column: Column) -> str:
    about = column.about + _values(spec, column)
    if column.name in text_columns(spec):
        about += " Not in exports without text."
    return f"| `{column.name}` | {_type(column.type)} | {'yes' if column.nullable else ''} | {_escape(about)} |"


def _values(spec: TableSpec, column: Column) -> str:
    """Return the values of a column with a link to their meaning; "" if it has no vocabulary."""
    name = f"{spec.name}.{column.name}"
    for vocabulary in VOCABULARIES:
        if name in vocabulary.columns or f"{name}[].kind" in vocabulary.columns:
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
            f"Of {columns}. {vocabulary.note}".rstrip() + "\n",
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
