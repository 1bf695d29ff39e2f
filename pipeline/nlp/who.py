"""Who is who inside an article: names to clusters. A wrong merge is worse than two clusters."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.kb import KnowledgeBase
from pipeline.kb.fold import fold_name
from pipeline.model.annotation import Gender, LinkMethod
from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.names import Name
from pipeline.nlp.tokens import Tokens

_PLACES = frozenset({"GPE", "LOC", "FAC"})


@dataclass(frozen=True, slots=True)
class Link:
    """The cluster of one name and how it joined; None where two bearers of the name leave it open."""

    cluster: int | None
    method: LinkMethod
    confidence: float


@dataclass(slots=True)
class Cluster:
    """One entity while it is put together. ``forms`` counts its spellings; ``words`` is its fullest folded one."""

    entity_type: str
    words: tuple[str, ...]
    forms: Counter[str] = field(default_factory=Counter)
    honorifics: set[Gender] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The fullest spelling: most words, then most used, then first seen."""
        return max(self.forms, key=lambda form: (len(form.split()), self.forms[form]))


@dataclass(frozen=True, slots=True)
class Cast:
    """All clusters of an article, and the link of each name in the order of ``names``."""

    clusters: tuple[Cluster, ...]
    links: tuple[Link, ...]


def entity_hash(name: str, entity_type: str) -> str:
    """Return the id of what is not linked: 16 hex of the hash of the folded name and its type."""
    return hashlib.sha256(f"{fold_name(name)}|{entity_type}".encode()).hexdigest()[:16]


def cast_of(tokens: Tokens, names: tuple[Name, ...], data: NameData, kb: KnowledgeBase) -> Cast:
    """Return who is who: fullest names make the clusters, then surnames, acronyms and short forms join them."""
    surfaces = [" ".join(tokens.span(name.first, name.last).split()) for name in names]
    folded = [fold_name(surface) for surface in surfaces]
    types = _types(tokens, names, surfaces, folded, kb)
    casting = _Casting(data, kb)
    order = sorted(range(len(names)), key=lambda i: (len(folded[i].split()) == 1, _is_acronym(surfaces[i]), i))
    links: dict[int, Link] = {}
    for index in order:
        gender = _honorific_gender(tokens, names[index], data)
        links[index] = casting.place(surfaces[index], folded[index], types[folded[index]], gender)
    return _in_reading_order(casting.clusters, [links[index] for index in range(len(names))])


def _in_reading_order(clusters: list[Cluster], links: list[Link]) -> Cast:
    order = list(dict.fromkeys(link.cluster for link in links if link.cluster is not None))
    place = {old: new for new, old in enumerate(order)}
    return Cast(
        clusters=tuple(clusters[old] for old in order),
        links=tuple(
            Link(None if link.cluster is None else place[link.cluster], link.method, link.confidence) for link in links
        ),
    )


def _types(
    tokens: Tokens, names: tuple[Name, ...], surfaces: list[str], folded: list[str], kb: KnowledgeBase
) -> Mapping[str, str]:
    """Return one type a spelling: a vote of its mentions, with what is known beforehand as a strong voice."""
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    surnames = {form.split()[-1] for form, name in zip(folded, names, strict=True) if _is_full_person(form, name)}
    borne = {form.split()[-1] for form, name in zip(folded, names, strict=True) if name.honoured}
    for name, surface, form in zip(names, surfaces, folded, strict=True):
        votes[form][name.label] += 5 if name.honoured else 1
        if len(votes[form]) == 1 and votes[form].total() <= 5 and (known := kb.type_of(surface)):
            votes[form][known] += 3
        if form in surnames and not (name.label in _PLACES and kb.type_of(surface)):
            votes[form]["PERSON"] += 2
        if _may_be_person(surface, name, kb) and (form.split()[-1] in borne or _is_one_who(tokens, name)):
            votes[form]["PERSON"] += 3
    return {form: count.most_common(1)[0][0] for form, count in votes.items()}


def _is_full_person(form: str, name: Name) -> bool:
    return name.label == "PERSON" and len(form.split()) > 1


def _may_be_person(surface: str, name: Name, kb: KnowledgeBase) -> bool:
    """Return whether what the model calls an organisation or a town has the look of forename and surname."""
    words = surface.split()
    looks = 2 <= len(words) <= 3 and all(word[0].isupper() for word in words)
    return looks and name.label in ("ORG", "GPE", "PRODUCT") and kb.type_of(surface) is None


def _is_one_who(tokens: Tokens, name: Name) -> bool:
    """Return whether "who" with a verb in the singular follows; a team "who play" is many."""
    after = name.last + 1
    return (
        after + 2 < len(tokens)
        and tokens.text[after] == ","
        and tokens.tag[after + 1] == "WP"
        and tokens.tag[after + 2] == "VBZ"
    )


def _is_acronym(surface: str) -> bool:
    letters = surface.replace(".", "")
    return 2 <= len(letters) <= 6 and letters.isupper() and letters.isalpha()


def _honorific_gender(tokens: Tokens, name: Name, data: NameData) -> Gender | None:
    if name.title is None:
        return None
    words = [tokens.lower[index].rstrip(".") for index in range(name.title, name.first)]
    shown = {data.honorifics[word] for word in words if data.honorifics.get(word)}
    return shown.pop() if len(shown) == 1 else None


class _Casting:
    """Clusters as they grow, and the indexes by which a shorter form finds a fuller one."""

    def __init__(self, data: NameData, kb: KnowledgeBase) -> None:
        self.clusters: list[Cluster] = []
        self._data = data
        self._kb = kb
        self._exact: dict[tuple[str, str], int] = {}
        self._known: dict[str, int] = {}
        self._by_surname: defaultdict[str, list[int]] = defaultdict(list)
        self._by_forename: defaultdict[str, list[int]] = defaultdict(list)
        self._by_initials: defaultdict[str, list[int]] = defaultdict(list)

    def place(self, surface: str, folded: str, entity_type: str, gender: Gender | None) -> Link:
        """Return the link of one name, making a cluster where none fits."""
        is_person = entity_type == "PERSON"
        link = self._person(folded, gender) if is_person else self._thing(surface, folded, entity_type)
        if link.cluster is None:
            return link
        cluster = self.clusters[link.cluster]
        cluster.forms[surface] += 1
        if gender:
            cluster.honorifics.add(gender)
        return link

    def _person(self, folded: str, gender: Gender | None) -> Link:
        words = tuple(folded.split())
        if len(words) > 1:
            return self._full_person(words)
        links = (
            self._borne(self._by_surname[folded], gender, "surname", 0.9),
            self._borne(self._by_forename[folded], gender, "alias", 0.75),
        )
        if link := links[0] or links[1]:
            return link
        key = (folded, f"PERSON {gender or ''}".strip())
        twin = self._exact.get((folded, "PERSON")) if gender is None else self._exact.get(key)
        if twin is None and gender is None:
            same = [c for (form, kind), c in self._exact.items() if form == folded and kind.startswith("PERSON")]
            twin = same[0] if len(same) == 1 else None
        return Link(twin, "exact", 1.0) if twin is not None else self._new("PERSON", words, key)

    def _full_person(self, words: tuple[str, ...]) -> Link:
        short = (words[0], words[-1])
        for cluster in self._by_surname[words[-1]]:
            known = self.clusters[cluster].words
            if (known[0], known[-1]) == short or (len(words[0]) == 1 and known[0].startswith(words[0])):
                return Link(cluster, "exact", 1.0 if known == words else 0.9)
        link = self._new("PERSON", words, (" ".join(words), "PERSON"))
        assert link.cluster is not None
        self._by_surname[words[-1]].append(link.cluster)
        self._by_forename[words[0]].append(link.cluster)
        return link

    def _borne(self, bearers: list[int], gender: Gender | None, method: LinkMethod, confidence: float) -> Link | None:
        """Return the link to the only bearer that the honorific fits, an open one for several, None for none."""
        fitting = [bearer for bearer in bearers if gender is None or self._gender_of(bearer) in (gender, None)]
        if len(fitting) > 1:
            shown = [bearer for bearer in fitting if gender and self._gender_of(bearer) == gender]
            return Link(shown[0], method, 0.7) if len(shown) == 1 else Link(None, "none", 0.2)
        return Link(fitting[0], method, confidence) if fitting else None

    def _gender_of(self, cluster: int) -> Gender | None:
        shown = self.clusters[cluster].honorifics
        if len(shown) == 1:
            return next(iter(shown))
        return self._data.forenames.get(self.clusters[cluster].words[0])

    def _thing(self, surface: str, folded: str, entity_type: str) -> Link:
        entry = self._kb.lookup(surface, entity_type)
        if entry is not None and entry.name in self._known:
            same = self.clusters[self._known[entry.name]].words == tuple(folded.split())
            return Link(self._known[entry.name], "exact" if same else "alias", 1.0 if same else 0.95)
        group = "place" if entity_type in _PLACES else "people" if entity_type == "NORP" else "thing"
        if (twin := self._exact.get((folded, group))) is not None:
            return Link(twin, "exact", 1.0)
        if _is_acronym(surface) and len(found := self._by_initials[folded]) == 1:
            return Link(found[0], "acronym", 0.85)
        if short := self._short_form(folded, group):
            return Link(short[0], "alias", 0.8)
        link = self._new(entity_type, tuple(folded.split()), (folded, group))
        assert link.cluster is not None
        if entry is not None:
            self._known[entry.name] = link.cluster
        return link

    def _short_form(self, folded: str, group: str) -> list[int]:
        """Return the one organisation that is called so for short ("Acme" of "Acme Holdings", "the Front")."""
        if " " in folded or group != "thing":
            return []
        found = [
            index
            for index, cluster in enumerate(self.clusters)
            if cluster.entity_type not in ("PERSON", "NORP", "GPE")
            and len(cluster.words) > 1
            and self._shortens(folded, cluster.words)
        ]
        return found if len(found) == 1 else []

    def _shortens(self, folded: str, words: tuple[str, ...]) -> bool:
        last = words[-1] == folded and "of" not in words
        return last or (words[0] == folded and all(word in self._data.company_suffixes for word in words[1:]))

    def _new(self, entity_type: str, words: tuple[str, ...], key: tuple[str, str]) -> Link:
        cluster = len(self.clusters)
        self.clusters.append(Cluster(entity_type, words))
        self._exact[key] = cluster
        initials = "".join(word[0] for word in words if word not in self._data.acronym_skips)
        if len(words) > 1 and entity_type != "PERSON":
            self._by_initials[initials].append(cluster)
        return Link(cluster, "exact", 1.0)
