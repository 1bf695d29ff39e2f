"""Transpile a DuckDB query to another engine's SQL with sqlglot, plus rewrites that sqlglot lacks.

The result returns the same rows in the same order: where engines differ (rounding, medians, characters or bytes, nulls
of an outer join), it writes out DuckDB's semantics.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import ErrorLevel, exp, parse_one
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.generators.postgres import PostgresGenerator
from sqlglot.transforms import eliminate_qualify

from newslake.pipeline.errors import ConfigError, did_you_mean


def transpile(sql: str, engine: str, *, given: Mapping[str, str] | None = None) -> str:
    """Return a DuckDB query in the SQL of ``engine`` (one of ``DIALECTS``), with the values ``given`` for its options.

    Raises: ConfigError for an unknown engine, and for SQL that cannot be translated.
    """
    check_engine(engine)
    try:
        tree = rewrite_tree(parse_one(sql, read="duckdb"), {exp.Anonymous: inline_option(given or {})})
        if engine != "duckdb":
            tree = rewrite_tree(rewrite_tree(tree, _COMMON_REWRITES), _REWRITES[engine])
        text = tree.sql(DIALECTS[engine], pretty=True, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise ConfigError(f"cannot translate the SQL to {engine}: {error}", key=engine, reason="bad_sql") from error
    return text + _CLICKHOUSE_SETTINGS if engine == "clickhouse" else text


def check_engine(engine: str) -> None:
    """Raises: ConfigError for an unknown engine; the message lists the known engines."""
    if engine not in DIALECTS:
        raise ConfigError(f"unknown engine {engine!r}; {did_you_mean(engine, DIALECTS)}", key=engine)


# A rewrite returns the replacement of a node of the syntax tree. It copies nodes, because a node has only one parent.
Rewrite = Callable[[Any], exp.Expr]
Rewrites = Mapping[type[exp.Expr], Rewrite]


def rewrite_tree(tree: exp.Expr, rewrites: Rewrites) -> exp.Expr:
    """Return the tree with every node of these types rewritten, innermost first."""
    for node in reversed(list(tree.find_all(*rewrites))):
        new = rewrites[type(node)](node)
        if node is tree:
            tree = new
        elif new is not node:
            node.replace(new)
    return tree


def call_named(name: str, *keys: str) -> Rewrite:
    """Return a rewrite into a call of ``name`` with these parts of the node as arguments, in order."""
    return lambda node: _call(name, *(node.args[key] for key in keys if node.args.get(key)))


def inline_option(given: Mapping[str, str]) -> Rewrite:
    """Return a rewrite of getvariable('name') into its given value as text, or null."""

    def rewrite(node: exp.Anonymous) -> exp.Expr:
        if node.name.lower() != "getvariable":
            return node
        value = given.get(node.expressions[0].name)
        return exp.cast(exp.null(), "text") if value is None else exp.Literal.string(value)

    return rewrite


def plain_select(select: exp.Select) -> exp.Expr:
    """Expand GROUP BY ALL and GROUP BY 1, and write QUALIFY as a filter around a subquery."""
    group = select.args.get("group")
    if group and group.args.get("all"):
        group.set("all", None)
        group.set("expressions", [each.unalias().copy() for each in select.selects if not _is_aggregate(each)])
    elif group:
        keys = [select.selects[int(key.name) - 1] if key.is_int else key for key in group.expressions]
        group.set("expressions", [key.unalias().copy() for key in keys])
    return eliminate_qualify(select.copy()) if select.args.get("qualify") else select


def _is_aggregate(projection: exp.Expr) -> bool:
    return any(not isinstance(node.parent, exp.Window) for node in projection.find_all(exp.AggFunc))


def name_columns(select: exp.Select) -> exp.Expr:
    """Give each column of a SELECT an alias, and refer to columns in ORDER BY by number.

    ClickHouse may name ``q.id`` of a join "q.id", and resolves a name in ORDER BY to the column of the source.
    """
    names = [projection.alias for projection in select.selects]
    for projection in select.selects:
        if isinstance(projection, exp.Column) and projection.table and not projection.is_star:
            projection.replace(exp.alias_(projection.copy(), projection.name))
    for ordered in select.args["order"].expressions if select.args.get("order") else ():
        by = ordered.this
        if isinstance(by, exp.Column) and not by.table and by.name in names:
            by.replace(_number(names.index(by.name) + 1))
    return select


def normalize_percentile(node: exp.Median | exp.WithinGroup) -> exp.Expr:
    """Turn median(x) and percentile_cont(0.5) WITHIN GROUP (ORDER BY x) into one node for the engines' rewrites."""
    if isinstance(node, exp.Median):
        return exp.PercentileCont(this=node.this.copy(), expression=exp.Literal.number("0.5"))
    if not isinstance(node.this, exp.PercentileCont):
        return node
    (order,) = node.expression.expressions
    return exp.PercentileCont(this=order.this.copy(), expression=node.this.this.copy())


def normalize_epoch(node: exp.Extract) -> exp.Expr:
    """Turn extract(epoch FROM t) into the node of epoch(t)."""
    return exp.TimeToUnix(this=node.expression.copy()) if node.name.upper() == "EPOCH" else node


def drop_ignore_nulls(node: exp.IgnoreNulls) -> exp.Expr:
    """Write any_value without IGNORE NULLS, because it ignores nulls in every engine."""
    return node.this.copy() if isinstance(node.this, exp.AnyValue) else node


def arg_max_as_array(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    """Write arg_max as the first element of an ordered array, without nulls as in DuckDB."""
    array = exp.ArrayAgg(this=_order_by_key(node, nulls_first=False))
    return exp.Bracket(this=exp.paren(_not_null(array, node.this)), expressions=[_number(0)], offset=0)


def arg_max_as_first_value(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    """Write arg_max for DataFusion, where several calls in one SELECT may need different orders."""
    return _not_null(_call("FIRST_VALUE", _order_by_key(node, nulls_first=False)), node.this)


def arg_max_as_bigquery_array(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    """Write arg_max for BigQuery, where the order of nulls inside an aggregate is fixed."""
    first = exp.Limit(this=_order_by_key(node, nulls_first=isinstance(node, exp.ArgMin)), expression=_number(1))
    array = exp.IgnoreNulls(this=exp.ArrayAgg(this=first))
    return exp.Bracket(this=array, expressions=[_number(0)], offset=0, safe=True)


def _order_by_key(node: exp.ArgMax | exp.ArgMin, *, nulls_first: bool) -> exp.Order:
    keys = node.expression.expressions if isinstance(node.expression, exp.Tuple) else [node.expression]
    down = isinstance(node, exp.ArgMax)
    order = [exp.Ordered(this=key.copy(), desc=down, nulls_first=nulls_first) for key in keys]
    return exp.Order(this=node.this.copy(), expressions=order)


def arg_max_as_max_by(tuple_word: str) -> Rewrite:
    """Return a rewrite of arg_max into max_by with a filter, because max_by keeps nulls. A tuple key becomes a call."""

    def rewrite(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
        key = node.expression
        key = _call(tuple_word, *key.expressions) if isinstance(key, exp.Tuple) else key.copy()
        return _not_null(type(node)(this=node.this.copy(), expression=key), node.this)

    return rewrite


def _not_null(aggregate: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.Filter(this=aggregate, expression=exp.Where(this=value.copy().is_(exp.null()).not_()))


def array_sorted_by(sort: str, collect: str) -> Rewrite:
    """Return a rewrite of array_agg(x ORDER BY x) into sort(collect(x)), for engines without an order inside it."""
    return lambda node: _call(sort, _call(collect, node.this.this if isinstance(node.this, exp.Order) else node.this))


def array_without_nulls(node: exp.ArrayAgg) -> exp.Expr:
    """Write array_agg for BigQuery, where the order of nulls inside an aggregate is fixed; arrays there have none."""
    for ordered in node.find_all(exp.Ordered):
        ordered.set("nulls_first", not ordered.args.get("desc"))
    return node


def round_half_up(node: exp.Round) -> exp.Expr:
    """Round as DuckDB does: halves away from zero, in binary. Some engines round to even, Spark in decimals."""
    value, scale = node.this, _number(10 ** int(node.args["decimals"].name if node.args.get("decimals") else 0))
    whole = exp.Floor(this=exp.Add(this=exp.Abs(this=value.copy()) * scale, expression=exp.Literal.number("0.5")))
    return exp.paren(exp.Sign(this=value.copy()) * whole / scale.copy())


def round_twice(node: exp.Round) -> exp.Expr:
    """Round for engines that compute a division by a constant as a product: 0.5750000000000001 becomes 0.575."""
    return _call("ROUND", round_half_up(node), node.args.get("decimals") or _number(0))


def percentile_within_group(node: exp.PercentileCont) -> exp.Expr:
    """Write a percentile in standard SQL."""
    order = exp.Order(expressions=[exp.Ordered(this=node.this.copy(), nulls_first=False)])
    return exp.WithinGroup(this=_call("PERCENTILE_CONT", node.expression), expression=order)


def percentile_with_parameter(name: str) -> Rewrite:
    """Return a rewrite into ClickHouse's form, name(0.5)(x)."""
    return lambda node: exp.ParameterizedAgg(this=name, expressions=[node.expression.copy()], params=[node.this.copy()])


def approximate_percentile(node: exp.PercentileCont) -> exp.Expr:
    """Write a percentile as Trino's closest aggregate, which is approximate."""
    return _call("APPROX_PERCENTILE", exp.cast(node.this.copy(), "double"), node.expression)


def percentile_of_hundred(node: exp.PercentileCont) -> exp.Expr:
    """Write a percentile as BigQuery's closest aggregate, which is approximate."""
    hundredths = _call("APPROX_QUANTILES", node.this, _number(100))
    at = _number(round(float(node.expression.name) * 100))
    return exp.Bracket(this=hundredths, expressions=[at], offset=0)


def condition_to_integer(node: exp.Cast) -> exp.Expr:
    """Write the cast of a condition to a number as CASE: the standard has no such cast. Null stays null."""
    condition = node.this.unnest()
    is_condition = isinstance(condition, exp.Predicate | exp.Connector | exp.Not)
    if not is_condition or not node.is_type(*exp.DataType.INTEGER_TYPES):
        return node
    case = exp.Case().when(condition.copy(), _number(1))
    return case.when(exp.paren(condition.copy()).not_(), _number(0))


def wide_sum(node: exp.Sum) -> exp.Expr:
    """Sum as doubles for Polars, because it adds small integers in their own type and overflows. Exact up to 2**53."""
    return exp.Sum(this=exp.cast(node.this.copy(), "double"))


def wide_date(node: exp.Cast) -> exp.Expr:
    """Write x::DATE as Date32 for ClickHouse, because its Date covers only 1970 to 2149."""
    if node.is_type(exp.DType.DATE):
        return exp.Cast(this=node.this.copy(), to=exp.DataType(this=exp.DType.DATE32))
    return node


def extract_epoch(node: exp.TimeToUnix) -> exp.Expr:
    """Write epoch(t) as extract(epoch FROM t)."""
    return exp.Extract(this=exp.var("EPOCH"), expression=node.this.copy())


def epoch_by_units(name: str, per_second: int) -> Rewrite:
    """Return a rewrite of epoch(t) into name(t), which counts ``per_second`` units per second."""
    return lambda node: exp.paren(_call(name, node.this) / exp.Literal.number(f"{per_second}.0"))


def days_by_seconds(node: exp.DateDiff) -> exp.Expr:
    """Write date_diff('day', a, b) as the seconds between both midnights."""
    midnights = (exp.cast(exp.cast(each.copy(), "date"), "timestamp") for each in (node.this, node.expression))
    later, earlier = (extract_epoch(exp.TimeToUnix(this=midnight)) for midnight in midnights)
    return exp.cast(exp.paren(later - earlier) / _number(86_400), "bigint")


def date_trunc(node: exp.TimestampTrunc) -> exp.Expr:
    """Write date_trunc for BigQuery, which has one function per type and weeks from Sunday by default."""
    unit = node.text("unit").upper().replace("WEEK", "ISOWEEK")
    return _call("DATE_TRUNC", exp.cast(node.this.copy(), "date"), exp.var(unit))


def concat_as_text(node: exp.DPipe) -> exp.Expr:
    """Cast the operands of a || b to text: BigQuery does not convert numbers."""
    return exp.DPipe(this=exp.cast(node.this.copy(), "text"), expression=exp.cast(node.expression.copy(), "text"))


def split_at_offset(node: exp.SplitPart) -> exp.Expr:
    """Write split_part for BigQuery; a missing part is null."""
    parts = _call("SPLIT", node.this, node.args["delimiter"])
    return exp.Bracket(this=parts, expressions=[node.args["part_index"].copy()], offset=1, safe=True)


def split_by_string(node: exp.SplitPart) -> exp.Expr:
    """Write split_part for ClickHouse; a missing part is empty."""
    parts = _call("splitByString", node.args["delimiter"], node.this)
    return exp.Bracket(this=parts, expressions=[node.args["part_index"].copy()], offset=1)


def contains_as_position(node: exp.Contains) -> exp.Expr:
    """Write contains(a, b) as the position of b."""
    place = exp.StrPosition(this=node.this.copy(), substr=node.expression.copy())
    return exp.GT(this=place, expression=_number(0))


def any_value_as_max(node: exp.AnyValue) -> exp.Expr:
    """Write any_value as max, for engines that lack it."""
    return exp.Max(this=node.this.copy())


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


class _AnsiGenerator(PostgresGenerator):
    SINGLE_STRING_INTERVAL = False

    def ordered_sql(self, expression: exp.Ordered) -> str:
        way = "DESC" if expression.args.get("desc") else "ASC"
        return f"{self.sql(expression, 'this')} {way} NULLS {'FIRST' if expression.args.get('nulls_first') else 'LAST'}"


class Ansi(Postgres):
    """Standard SQL where possible. The order of nulls is always explicit, because the standard does not define it."""

    Generator = _AnsiGenerator


# The sqlglot dialect per engine. Athena uses Trino's queries.
DIALECTS: Mapping[str, str | type[Dialect]] = {
    "ansi": Ansi,
    "athena": "trino",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "datafusion": "postgres",
    "duckdb": "duckdb",
    "polars": "postgres",
    "spark": "spark",
    "trino": "trino",
}
# By default, ClickHouse fills an outer join with zeros, and an alias hides a column with the same name.
_CLICKHOUSE_SETTINGS = "\nSETTINGS join_use_nulls = 1, prefer_column_name_to_alias = 1"

# Forms that every engine supports, or nodes that the rewrites of an engine start from.
_COMMON_REWRITES: Rewrites = {
    exp.Select: plain_select,
    exp.Median: normalize_percentile,
    exp.WithinGroup: normalize_percentile,
    exp.Extract: normalize_epoch,
    exp.IgnoreNulls: drop_ignore_nulls,
}
_TRINO: Rewrites = {
    exp.Contains: contains_as_position,
    exp.ArgMax: arg_max_as_max_by("ROW"),
    exp.ArgMin: arg_max_as_max_by("ROW"),
    exp.PercentileCont: approximate_percentile,
}
_REWRITES: Mapping[str, Rewrites] = {
    "ansi": {
        exp.ArgMax: arg_max_as_array,
        exp.ArgMin: arg_max_as_array,
        exp.Cast: condition_to_integer,
        exp.Contains: contains_as_position,
        exp.PercentileCont: percentile_within_group,
        exp.Round: call_named("ROUND", "this", "decimals"),
        exp.TimeToUnix: extract_epoch,
    },
    "athena": _TRINO,
    "bigquery": {
        exp.ArgMax: arg_max_as_bigquery_array,
        exp.ArgMin: arg_max_as_bigquery_array,
        exp.ArrayAgg: array_without_nulls,
        exp.Contains: contains_as_position,
        exp.DPipe: concat_as_text,
        exp.SplitPart: split_at_offset,
        exp.PercentileCont: percentile_of_hundred,
        exp.TimestampTrunc: date_trunc,
        exp.TimeToUnix: epoch_by_units("UNIX_MICROS", 1_000_000),
    },
    "clickhouse": {
        exp.Cast: wide_date,
        exp.ArrayAgg: array_sorted_by("arraySort", "groupArray"),
        exp.ArrayToString: call_named("arrayStringConcat", "this", "expression"),
        exp.PercentileCont: percentile_with_parameter("quantileExactInclusive"),
        exp.Round: round_half_up,
        exp.Select: name_columns,
        exp.SplitPart: split_by_string,
        exp.Substring: call_named("substringUTF8", "this", "start", "length"),
        exp.TimeToUnix: epoch_by_units("toUnixTimestamp64Micro", 1_000_000),
    },
    "datafusion": {
        exp.ArgMax: arg_max_as_first_value,
        exp.ArgMin: arg_max_as_first_value,
        exp.PercentileCont: percentile_within_group,
        exp.Round: call_named("ROUND", "this", "decimals"),
    },
    "polars": {
        exp.AnyValue: any_value_as_max,
        exp.ArgMax: arg_max_as_array,
        exp.ArgMin: arg_max_as_array,
        exp.Contains: contains_as_position,
        exp.DateDiff: days_by_seconds,
        exp.PercentileCont: call_named("QUANTILE_CONT", "this", "expression"),
        exp.Round: round_twice,
        exp.Sum: wide_sum,
        exp.TimeToUnix: extract_epoch,
    },
    "spark": {
        exp.ArgMax: arg_max_as_max_by("STRUCT"),
        exp.ArgMin: arg_max_as_max_by("STRUCT"),
        exp.ArrayAgg: array_sorted_by("SORT_ARRAY", "COLLECT_LIST"),
        exp.PercentileCont: call_named("PERCENTILE", "this", "expression"),
        exp.Round: round_half_up,
        exp.TimeToUnix: epoch_by_units("UNIX_MICROS", 1_000_000),
    },
    "trino": _TRINO,
}
