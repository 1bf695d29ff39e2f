"""The rules in ``alerts.toml``, checked completely before anything runs.

    time_zone = "Europe/London"
    quiet_hours = "22:00-07:00"

    [senders]
    desk = "json://127.0.0.1:9000/alerts"

    [rules.minister]
    on = "question"
    question = "quotes-about"
    options = {name = "minister"}

``docs/addons/alerts.md`` lists all keys.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, Union
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model, model_validator

from newslake.pipeline.addons.alerts.alert import DeliveryPolicy
from newslake.pipeline.environment import variable_of
from newslake.pipeline.errors import ConfigError, did_you_mean
from newslake.pipeline.settings import SourceList

if TYPE_CHECKING:
    from newslake.pipeline.addons.alerts.alert import AlertItem
    from newslake.pipeline.jobs.workspace import Workspace

MIN_CONFIDENCE, MIN_INDEPENDENT = 0.6, 2  # defaults, so that one wrong row raises no alert
DISK_FREE_GB = 2.0  # one day of a large source, as `newslake doctor` requires

SourceState = Literal["late", "stale", "failing", "anomalous"]
RunEvent = Literal["failed", "broken"]
MachineState = Literal["disk", "verify"]

_QUIET_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DIGEST_AT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# An address of a sender at a wrong place: it may have a password, and any character. Up to its last quotation mark.
_HIDDEN = "[an address]"
_ADDRESS = re.compile(r"(['\"]?)[A-Za-z][A-Za-z0-9+.-]*://.*\1", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRule:
    """Reports sources in one of some states. ``sources`` are keys; empty means all."""

    on: ClassVar[str] = "sources"
    policy: DeliveryPolicy
    states: tuple[SourceState, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRule:
    """Reports runs that failed, and items that broke newslake, of the last ``days`` days."""

    on: ClassVar[str] = "runs"
    policy: DeliveryPolicy
    events: tuple[RunEvent, ...]
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRule:
    """Reports a full disk and a failed verification."""

    on: ClassVar[str] = "machine"
    policy: DeliveryPolicy
    states: tuple[MachineState, ...]
    disk_free_gb: float


def is_within(value: object, *, at_least: float | None = None, at_most: float | None = None) -> bool:
    """Return whether a value is a number within limits, both inclusive; null never is."""
    if not isinstance(value, int | float | Decimal):
        return False
    return (at_least is None or value >= at_least) and (at_most is None or value <= at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowThreshold:
    """A condition on a number of a row: at least and at most, both inclusive; at least one of them is set."""

    column: str
    at_least: float | None
    at_most: float | None

    def is_met(self, value: object) -> bool:
        """Return whether a value is within the limits; null never is."""
        return is_within(value, at_least=self.at_least, at_most=self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRule:
    """Reports rows of a saved question, or of one SELECT statement, over the last ``days`` published days.

    Without a threshold, each new row; with one, the rows that meet it, for as long as they do. ``key`` are the columns
    that identify a row; empty means by its article, or by all columns. ``timeout`` is in seconds. ``is_explicit`` has
    the names of the bounds that the file gives.
    """

    on: ClassVar[str] = "question"
    policy: DeliveryPolicy
    question: str | None
    sql: str | None
    options: Mapping[str, str]
    days: int
    threshold: RowThreshold | None
    min_confidence: float
    min_independent: int
    key: tuple[str, ...]
    timeout: float | None
    is_explicit: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCondition:
    """A kind of rule of another add-on, as its hook ``alert_conditions`` returns it.

    ``table`` has the keys of its rules. ``find`` returns what is to be reported now. With ``is_state`` an item is open
    for as long as it is found; else each key is reported once.
    """

    table: "type[RuleTable]"
    find: "Callable[[Workspace, RuleTable], Iterable[AlertItem]]"
    is_state: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonRule:
    """A rule of a kind of another add-on, with its keys."""

    policy: DeliveryPolicy
    table: "RuleTable"
    condition: AlertCondition

    @property
    def on(self) -> str:
        """The kind."""
        return str(self.table.on)  # type: ignore[attr-defined]  # every kind has it


AlertRule = SourceRule | RunRule | MachineRule | QuestionRule | AddonRule


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """The rules of a file in its order, the Apprise URLs of its senders by name, and the address of Newsroom."""

    path: Path
    rules: tuple[AlertRule, ...] = ()
    senders: Mapping[str, str] = field(repr=False)
    public_url: str | None = None

    def named(self, name: str) -> AlertRule:
        """Return one rule. Raises: ConfigError with the names most like it."""
        rules = {rule.policy.rule: rule for rule in self.rules}
        if name not in rules:
            hint = did_you_mean(name, rules, otherwise=f"it has {', '.join(rules) or 'no rules'}")
            raise ConfigError(f"{self.path} has no rule {name!r}; {hint}", key=name)
        return rules[name]


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{value!r} is not a time zone; write one such as Europe/London or UTC") from error
    return value


def _quiet_hours(value: str) -> str:
    match = _QUIET_HOURS.fullmatch(value)
    if value and (match is None or match.group(1, 2) == match.group(3, 4)):
        raise ValueError(f'{value!r} are not quiet hours; write "22:00-07:00", or "" for none')
    return value


def _digest_at(value: str) -> str:
    if value and not _DIGEST_AT.fullmatch(value):
        raise ValueError(f'{value!r} is not a time of day; write "08:00", or "" for no digest')
    return value


def _public_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


_TimeZone = Annotated[str, AfterValidator(_time_zone)]
_QuietHours = Annotated[str, AfterValidator(_quiet_hours)]
_DigestAt = Annotated[str, AfterValidator(_digest_at)]
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
_Days = Annotated[int, Field(ge=1, le=3660)]


class RuleTable(BaseModel):
    """The keys of every ``[rules.NAME]`` table. A kind of an add-on adds its own, and ``on: Literal["KIND"]``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = Field(None, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
    to: tuple[str, ...] | None = None
    time_zone: _TimeZone | None = None
    quiet_hours: _QuietHours | None = None
    digest_at: _DigestAt | None = None


class _SourceRuleTable(RuleTable):
    on: Literal["sources"]
    states: tuple[SourceState, ...] = Field(("stale", "failing", "anomalous"), min_length=1)
    sources: tuple[str, ...] = ()


class _RunRuleTable(RuleTable):
    on: Literal["runs"]
    events: tuple[RunEvent, ...] = Field(("failed", "broken"), min_length=1)
    days: _Days = 2


class _MachineRuleTable(RuleTable):
    on: Literal["machine"]
    states: tuple[MachineState, ...] = Field(("disk", "verify"), min_length=1)
    disk_free_gb: float = Field(DISK_FREE_GB, gt=0, allow_inf_nan=False)


class _QuestionRuleTable(RuleTable):
    on: Literal["question"]
    question: str | None = None
    sql: str | None = Field(None, min_length=1)
    options: dict[str, str | int | float] = {}
    days: _Days = 7
    column: str | None = None
    at_least: float | None = Field(None, allow_inf_nan=False)
    at_most: float | None = Field(None, allow_inf_nan=False)
    min_confidence: float = Field(MIN_CONFIDENCE, ge=0, le=1)
    min_independent: int = Field(MIN_INDEPENDENT, ge=1)
    key: tuple[str, ...] = ()
    timeout: float | None = Field(None, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if (self.question is None) == (self.sql is None):
            raise ValueError("write 'question' with the name of a saved question, or 'sql' with a SELECT; one of them")
        if self.sql is not None and self.options:
            raise ValueError("'options' are those of a saved question; write values into 'sql'")
        has_limit = self.at_least is not None or self.at_most is not None
        if has_limit and self.column is None:
            raise ValueError("'at_least' and 'at_most' need 'column', the number that they limit")
        if self.column is not None and not has_limit:
            raise ValueError("'column' needs 'at_least' or 'at_most'")
        return self


_Table = Annotated[_SourceRuleTable | _RunRuleTable | _MachineRuleTable | _QuestionRuleTable, Field(discriminator="on")]
_KINDS: Mapping[str, type[RuleTable]] = {
    "sources": _SourceRuleTable,
    "runs": _RunRuleTable,
    "machine": _MachineRuleTable,
    "question": _QuestionRuleTable,
}


class _AlertsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    time_zone: _TimeZone = "UTC"
    quiet_hours: _QuietHours = ""
    digest_at: _DigestAt = ""
    senders: dict[_Name, str] = {}
    rules: dict[_Name, _Table] = {}


def load_rules(
    path: Path, *, sources: SourceList, conditions: Mapping[str, AlertCondition] = MappingProxyType({})
) -> AlertRules:
    """Return the rules of an ``alerts.toml``. Questions and senders are checked by ``read_rules``.

    ``conditions`` are the kinds of other add-ons, by name.
    Raises: ConfigError with the file, the rule and each wrong key.
    """
    kinds = {**_KINDS, **{name: condition.table for name, condition in conditions.items()}}
    try:
        file = _file_model(kinds).model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        raise ConfigError("; ".join(_lines(path, error, kinds)), key=str(path)) from error
    except ValueError as error:  # TOML syntax, not UTF-8
        raise ConfigError(f"{path}: {error}", key=str(path)) from error
    senders = {name: _with_variables(path, name, url) for name, url in file.senders.items()}
    rules = tuple(_rule(path, file, name, table, sources, conditions) for name, table in file.rules.items())
    return AlertRules(path=path, rules=rules, senders=senders, public_url=file.public_url)


def _file_model(kinds: Mapping[str, type[RuleTable]]) -> type[_AlertsFile]:
    """Return the model of a file with some kinds of rules."""
    if len(kinds) == len(_KINDS):
        return _AlertsFile
    table: Any = Annotated[Union[tuple(kinds.values())], Field(discriminator="on")]  # noqa: UP007 - of a list
    return create_model("AlertsFile", __base__=_AlertsFile, rules=(dict[_Name, table], {}))


def _with_variables(path: Path, name: str, url: str) -> str:
    """Return a sender's URL with the values of its variables. Raises: ConfigError; the message never has the URL."""
    for variable in _VARIABLE.findall(url):
        if not variable_of(variable):
            message = f"{path}: senders.{name}: the environment has no {variable}; set it, or write the URL without it"
            raise ConfigError(message, key=variable)
    return _VARIABLE.sub(lambda match: variable_of(match[1]) or "", url)


def rule_error(path: Path, rule: str, key: str, message: str) -> ConfigError:
    """Return the error of one key of a rule. An address in the message is left out, except in a statement."""
    said = message if key == "sql" else _ADDRESS.sub(_HIDDEN, message)
    return ConfigError(f"{path}: rules.{rule}.{key}: {said}", key=key)


def _rule(
    path: Path,
    file: _AlertsFile,
    name: str,
    table: RuleTable,
    sources: SourceList,
    conditions: Mapping[str, AlertCondition],
) -> AlertRule:
    policy = _policy(path, file, name, table)
    match table:
        case _SourceRuleTable():
            for key in table.sources:
                try:
                    sources.named(key)
                except ConfigError as error:
                    raise rule_error(path, name, "sources", str(error)) from error
            return SourceRule(policy=policy, states=table.states, sources=table.sources)
        case _RunRuleTable():
            return RunRule(policy=policy, events=table.events, days=table.days)
        case _MachineRuleTable():
            return MachineRule(policy=policy, states=table.states, disk_free_gb=table.disk_free_gb)
        case _QuestionRuleTable():
            return _question_rule(policy, table)
    condition = next(each for each in conditions.values() if isinstance(table, each.table))
    return AddonRule(policy=policy, table=table, condition=condition)


def _question_rule(policy: DeliveryPolicy, table: _QuestionRuleTable) -> QuestionRule:
    threshold = (
        None
        if table.column is None
        else RowThreshold(column=table.column, at_least=table.at_least, at_most=table.at_most)
    )
    return QuestionRule(
        policy=policy,
        question=table.question,
        sql=table.sql,
        options={name: str(value) for name, value in table.options.items()},
        days=table.days,
        threshold=threshold,
        min_confidence=table.min_confidence,
        min_independent=table.min_independent,
        key=table.key,
        timeout=table.timeout,
        is_explicit=frozenset(table.model_fields_set & {"min_confidence", "min_independent"}),
    )


def _policy(path: Path, file: _AlertsFile, name: str, table: RuleTable) -> DeliveryPolicy:
    """Return how a rule is delivered: its keys, else those of the file. Raises: ConfigError."""
    for sender in table.to or ():
        if sender not in file.senders:
            hint = did_you_mean(sender, file.senders, otherwise=f"[senders] has {', '.join(file.senders) or 'none'}")
            what = "no sender with this address, write its name" if ":" in sender else f"no sender {sender!r}"
            raise rule_error(path, name, "to", f"{what}; {hint}")
    quiet = _QUIET_HOURS.fullmatch(file.quiet_hours if table.quiet_hours is None else table.quiet_hours)
    digest = _DIGEST_AT.fullmatch(file.digest_at if table.digest_at is None else table.digest_at)
    return DeliveryPolicy(
        rule=name,
        title=table.title or name,
        senders=tuple(file.senders) if table.to is None else tuple(dict.fromkeys(table.to)),
        quiet_hours=(time(int(quiet[1]), int(quiet[2])), time(int(quiet[3]), int(quiet[4]))) if quiet else None,
        digest_at=time(int(digest[1]), int(digest[2])) if digest else None,
        time_zone=table.time_zone or file.time_zone,
    )


def _lines(path: Path, error: ValidationError, kinds: Mapping[str, type[RuleTable]]) -> Iterator[str]:
    """Yield one sentence per wrong key. Values of senders and ``to`` are left out, and all addresses: they may have
    passwords.
    """
    errors = error.errors()
    for problem in errors:
        depth = len(problem["loc"])
        if problem["type"] == "too_short" and any(
            each["loc"][:depth] == problem["loc"] != each["loc"] for each in errors
        ):
            continue  # it lacks only the wrong items, which have other lines
        loc = [str(part) for part in problem["loc"] if part != "[key]"]
        kind = loc.pop(2) if len(loc) > 2 and loc[0] == "rules" and loc[2] in kinds else None  # the discriminator
        key = ".".join(_HIDDEN if "://" in part else part for part in loc)
        if problem["type"] in ("union_tag_not_found", "union_tag_invalid"):
            yield f"{path}: {key}.on: write one of {', '.join(kinds)}"
        elif problem["type"] == "extra_forbidden":
            known = _AlertsFile if kind is None else kinds[kind]
            yield f"{path}: {key}: unknown key; {did_you_mean(loc[-1], known.model_fields)}"
        else:
            yield f"{path}: {key}: {_message(problem, loc)}"


def _message(problem: Any, loc: list[str]) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    if loc[0] == "rules" and loc[2:3] == ["to"]:
        return 'write the names of senders in a list, such as ["desk"]'
    value = repr(problem["input"])
    if "://" in value:
        return message.replace(value, _HIDDEN)
    return message if loc[0] == "senders" or problem["type"] == "value_error" else f"{message} (got {value})"
