"""Person links: the person whom an article names only by surname, if other articles of its day have the full name.

Entry points: ``article_groups``, ``person_link_rows``. Only a name of one word is ever linked, so two full names never
become one person. A wrong link is worse than none.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.tables import TABLE_SPECS
from newslake.pipeline.tables.spec import Row

LINK_COLUMNS = (
    "article_id",
    "revision_id",
    "published_at",
    "cluster_index",
    "entity_type",
    "mention_kind",
    "entity_id",
    "entity_name",
    "role_text",
    "gender",
    "gender_method",
    "qid",
)
OUTLET_COLUMNS = ("article_id", "outlet_key")

Method = Literal["related", "role", "organisations", "outlet"]
# The share of right links when a full name is cut to its surname, on 219 articles: docs/quality.md.
_CONFIDENCE: Mapping[Method, float] = {"related": 0.95, "role": 0.95, "organisations": 0.95, "outlet": 0.9}
_ORGANISATIONS = 2  # organisations; one alone is often a parliament or a newspaper that any story mentions
_KNOWN = 2  # articles with the full name: a surname without an introduction is that of somebody in the news
_SURE_OF_GENDER = ("honorific", "role")

type _Cluster = tuple[str, int]  # article_id, cluster_index


# Groups of articles that report the same: duplicates, quotes and events.


def article_groups(near_duplicates: pa.Table, quote_clusters: pa.Table, event_cluster_members: pa.Table) -> pa.Table:
    """Return article_id and group of a day's articles, each pair once. A group has the articles of one cluster id."""
    parts = (
        ("duplicate", near_duplicates, "dup_group_id"),
        ("quote", quote_clusters, "quote_cluster_id"),
        ("event", event_cluster_members, "event_cluster_id"),
    )
    columns = [
        pa.table(
            [rows["article_id"], pc.binary_join_element_wise(kind, rows[name], " ")], names=["article_id", "group"]
        )
        for kind, rows, name in parts
    ]
    return pa.concat_tables(columns).group_by(["article_id", "group"]).aggregate([])


# The people of a day, by the words of their names.


@dataclass(frozen=True, slots=True)
class _NamedPerson:
    """A cluster that is a person with a name. ``gender`` is F or M if the text shows it, else None."""

    article_id: str
    cluster_index: int
    person_id: str
    name: str
    gender: str | None
    row: Row

    @property
    def cluster(self) -> _Cluster:
        return self.article_id, self.cluster_index


@lru_cache(maxsize=1 << 16)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name for comparison: without case, accents, marks around a word, and "al-" before it."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return tuple(filter(None, map(_bare_word, plain.casefold().split())))


def _bare_word(word: str) -> str:
    start = next((at for at, char in enumerate(word) if char.isalnum()), len(word))
    end = next((at for at in range(len(word), start, -1) if word[at - 1].isalnum()), start)
    head, mark, tail = word[start:end].partition("-")
    return tail if mark and len(head) == 2 else word[start:end]


def _is_full(name: str) -> bool:
    """Return whether a name has more than a family name with particles, which are in small letters."""
    return any(not word[0].islower() for word in name.split()[:-1])


def _people(entities: pa.Table) -> pa.Table:
    """Return one row per cluster of a person that has an id, with its name, gender and QID, in the order of the key."""
    named = (pc.field("entity_type") == "PERSON") & (pc.field("mention_kind") == "name")
    known = pc.field("cluster_index").is_valid() & pc.field("entity_id").is_valid()
    key = ["article_id", "cluster_index"]
    shared = ("revision_id", "published_at", "entity_id", "entity_name", "gender", "gender_method", "qid")
    people = entities.filter(named & known).group_by(key).aggregate([(name, "min") for name in shared])
    return people.rename_columns([*key, *shared]).sort_by([(name, "ascending") for name in key])


def _named(people: pa.Table) -> tuple[dict[str, list[_NamedPerson]], dict[str, list[_NamedPerson]]]:
    """Return the bare surnames by their word, and by these words the full names that have the word."""
    names = {name: words_of(name) for name in pc.unique(people["entity_name"]).to_pylist()}
    bare: dict[str, list[_NamedPerson]] = defaultdict(list)
    full: dict[str, list[_NamedPerson]] = defaultdict(list)
    is_bare = pc.is_in(people["entity_name"], value_set=pa.array(_bare_names(names), pa.string()))
    for each in _clusters(people.filter(is_bare)):
        if each.row["qid"] is None and each.row["gender_method"] != "forename":
            bare[names[each.name][0]].append(each)
    wanted = [name for name, words in names.items() if _is_full(name) and not bare.keys().isdisjoint(words)]
    for each in _clusters(people.filter(pc.is_in(people["entity_name"], value_set=pa.array(wanted, pa.string())))):
        for word in bare.keys() & set(names[each.name]):
            full[word].append(each)
    return bare, full


def _bare_names(names: Mapping[str, Sequence[str]]) -> list[str]:
    return [name for name, words in names.items() if len(words) == 1 and len(name.split()) == 1]


def _clusters(people: pa.Table) -> Iterator[_NamedPerson]:
    for row in people.to_pylist():
        gender = row["gender"] if row["gender"] in ("F", "M") else None
        yield _NamedPerson(row["article_id"], row["cluster_index"], row["entity_id"], row["entity_name"], gender, row)


# What the articles of a day say about their people.


@dataclass(frozen=True, slots=True)
class _Context:
    """What a day's articles say: outlet, groups and organisations by article, the words of roles by cluster."""

    outlets: Mapping[str, str]
    groups: Mapping[str, Collection[str]]
    companies: Mapping[str, AbstractSet[str]]
    roles: Mapping[_Cluster, Collection[frozenset[str]]]


def _context(entities: pa.Table, outlets: pa.Table, groups: pa.Table, articles: Collection[str]) -> _Context:
    """Return the context of some articles."""
    mine = pa.array(sorted(articles), pa.string())
    said = entities.filter(pc.is_in(entities["article_id"], value_set=mine))
    roles: dict[_Cluster, set[frozenset[str]]] = defaultdict(set)
    named = pc.field("role_text").is_valid() & pc.field("cluster_index").is_valid()
    for article_id, cluster, role in _distinct(said.filter(named), "article_id", "cluster_index", "role_text"):
        if words := words_of(role):
            roles[article_id, cluster].add(frozenset(words))
    organisations = said.filter((pc.field("entity_type") == "ORG") & pc.field("entity_id").is_valid())
    known = outlets.filter(pc.field("article_id").isin(mine) & pc.field("outlet_key").is_valid())
    return _Context(
        dict(zip(known["article_id"].to_pylist(), known["outlet_key"].to_pylist(), strict=True)),
        _sets(groups.filter(pc.is_in(groups["article_id"], value_set=mine)), "article_id", "group"),
        _sets(organisations, "article_id", "entity_id"),
        roles,
    )


def _distinct(table: pa.Table, *columns: str) -> Iterable[tuple[Any, ...]]:
    rows = table.group_by(list(columns)).aggregate([])
    return zip(*(rows[name].to_pylist() for name in columns), strict=True)


def _sets(table: pa.Table, key: str, value: str) -> dict[str, set[str]]:
    values: dict[str, set[str]] = defaultdict(set)
    for each, of_it in _distinct(table, key, value):
        values[each].add(of_it)
    return values


# The link of a surname: its only bearer among the articles that are nearest to it.


class _Bearers:
    """The people of a day whose full names have one word, by article, by group and by outlet."""

    def __init__(self, word: str, full: Iterable[_NamedPerson], context: _Context) -> None:
        self._word, self._context = word, context
        self._named: dict[str, list[_NamedPerson]] = defaultdict(list)
        self._near: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._genders: dict[str, set[str]] = defaultdict(set)
        self._roles: dict[str, set[frozenset[str]]] = defaultdict(set)
        for each in full:
            self._named[each.person_id].append(each)
            self._genders[each.person_id].update(filter(None, (each.gender,)))
            self._roles[each.person_id].update(context.roles.get(each.cluster, ()))
            for place in self._places(each.article_id):
                self._near[place].add(each.person_id)

    def _places(self, article_id: str) -> Iterator[tuple[str, str]]:
        yield "article", article_id
        yield from (("group", group) for group in self._context.groups.get(article_id, ()))
        yield from (("outlet", outlet) for outlet in (self._context.outlets.get(article_id),) if outlet)

    def link(self, surname: _NamedPerson) -> tuple[str, Method] | None:
        """Return the person whom a surname means, and the evidence; None without exactly one.

        An article that has a full name with the surname decided itself that it is another person.
        """
        near: dict[str, set[str]] = defaultdict(set)
        for kind, place in self._places(surname.article_id):
            near[kind] |= self._near.get((kind, place), set())
        person = self._only(near["group"] or near["outlet"] or self._named.keys(), surname)
        if near["article"] or person is None:
            return None
        if near["group"]:
            return person, "related"
        if method := self._agreement(surname, person):
            return person, method
        is_alone = near["outlet"] and self._only(self._named.keys(), surname) == person
        outlets = Counter(map(self._context.outlets.get, self._articles(person)))
        is_known = outlets[self._context.outlets.get(surname.article_id)] >= _KNOWN
        return (person, "outlet") if is_alone and is_known else None

    def _articles(self, person: str) -> set[str]:
        """Return the articles that have a person's full name."""
        return {each.article_id for each in self._named[person]}

    def _only(self, people: Collection[str], surname: _NamedPerson) -> str | None:
        """Return the only one of some people whom a surname may mean; None if there are several."""
        if surname.row["gender_method"] in _SURE_OF_GENDER:
            people = [each for each in people if not self._is_other_gender(each, surname)]
        if len(people) != 1:
            return None
        [person] = people
        is_surname = all(words_of(each.name)[-1] == self._word for each in self._named[person])
        return person if is_surname and not self._is_other_gender(person, surname) else None

    def _is_other_gender(self, person: str, surname: _NamedPerson) -> bool:
        return surname.gender is not None and bool(self._genders[person] - {surname.gender})

    def _agreement(self, surname: _NamedPerson, person: str) -> Method | None:
        """Return what the article of a surname says of the person as another article does, or None."""
        context, theirs = self._context, self._roles[person]
        if any(one <= other or other <= one for one in context.roles.get(surname.cluster, ()) for other in theirs):
            return "role"
        mine = context.companies.get(surname.article_id, set())
        articles = self._articles(person)
        shared = (len(mine & context.companies.get(article_id, set())) for article_id in articles)
        is_known = len(articles) >= _KNOWN
        return "organisations" if is_known and any(count >= _ORGANISATIONS for count in shared) else None

    def name_of(self, person: str) -> str:
        """Return the longest name of a person; of equally long ones the last."""
        return max((each.name for each in self._named[person]), key=lambda name: (len(name), name))


def person_link_rows(entities: pa.Table, outlets: pa.Table, groups: pa.Table) -> pa.Table:
    """Return the ``person_links`` rows of one day, in any order.

    ``entities`` has at least LINK_COLUMNS, ``outlets`` OUTLET_COLUMNS, ``groups`` the columns of ``article_groups``,
    all of that day.
    """
    schema = TABLE_SPECS["person_links"].schema
    bare, full = _named(_people(entities))
    articles = {each.article_id for word in full for each in (*bare[word], *full[word])}
    context = _context(entities, outlets, groups, articles)
    rows = [row for word in sorted(full) for row in _link_rows(word, bare[word], full[word], context)]
    return pa.Table.from_pylist(rows, schema=schema)


def _link_rows(
    word: str, bare: Sequence[_NamedPerson], full: Sequence[_NamedPerson], context: _Context
) -> Iterator[Row]:
    bearers = _Bearers(word, full, context)
    named = Counter(each.article_id for each in bare)  # two bearers of one surname in an article are two people
    for surname in bare:
        link = bearers.link(surname) if named[surname.article_id] == 1 else None
        if link is not None:
            person, method = link
            keys = {name: surname.row[name] for name in ("article_id", "revision_id", "published_at", "cluster_index")}
            of_person = {"person_id": person, "person_name": bearers.name_of(person)}
            yield {**keys, **of_person, "method": method, "confidence": _CONFIDENCE[method]}
