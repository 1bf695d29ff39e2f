"""Clusters of an article's names, one per person, organisation, place or other thing.

A wrong merge is worse than two clusters.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import NamedTuple

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.kb.entry import fold_name
from newslake.pipeline.model.annotation import Gender, LinkMethod
from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.ner.boundaries import NUMERALS
from newslake.pipeline.nlp.ner.spans import Name, fold_name_cached, strip_full_stops, surfaces_of
from newslake.pipeline.nlp.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One name, prepared for comparison.

    ``words`` are folded, without a nickname in marks; a "Jr" belongs to the last one. ``place`` is its index among the
    names of the article. ``is_full``: it has more than a family name with particles. ``gender`` is shown by its
    honorific; ``is_couple``: it has two titles ("Dr and Mrs Pym"). ``office`` is the final word of a title that shows
    no gender ("president"). ``namesakes`` are the places of the people with its surname before it in the sentence, if
    it names a relative ("Otto Pym, the son of Emil Pym").
    """

    surface: str
    words: tuple[str, ...]
    place: int
    sentence: int
    is_full: bool
    gender: Gender | None
    is_couple: bool
    nickname: str | None
    office: str | None = None
    namesakes: tuple[int, ...] = ()

    @property
    def folded(self) -> str:
        return " ".join(self.words)


class Link(NamedTuple):
    """The cluster of one name and how it was linked; None if the name may refer to two bearers."""

    cluster: int | None
    method: LinkMethod
    confidence: float


_OPEN_LINK = Link(None, "none", 0.2)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One entity. ``words`` is its fullest folded spelling, ``mentions`` the number of its names.

    ``full_forms`` are its ``name``, then its other forms of several words, most frequent first.
    """

    entity_type: str
    words: tuple[str, ...]
    name: str
    full_forms: tuple[str, ...]
    mentions: int
    honorifics: frozenset[Gender]


@dataclass(slots=True)
class _Gathering:
    """One entity during clustering. ``forms`` counts its spellings; ``words`` is its fullest folded spelling."""

    entity_type: str
    words: tuple[str, ...]
    forms: Counter[str] = field(default_factory=Counter)
    honorifics: set[Gender] = field(default_factory=set)
    offices: set[str] = field(default_factory=set)
    nicknames: set[str] = field(default_factory=set)

    def add(self, spelling: Spelling) -> None:
        """Count another mention."""
        self.forms[spelling.surface] += 1
        if spelling.gender:
            self.honorifics.add(spelling.gender)
        if spelling.office:
            self.offices.add(spelling.office)
        if spelling.nickname:
            self.nicknames.add(spelling.nickname)

    def cluster(self) -> Cluster:
        """Return the entity with all its names."""
        forms = self._full_forms()
        honorifics = frozenset(self.honorifics)
        return Cluster(self.entity_type, self.words, forms[0], forms, self.forms.total(), honorifics)

    def _full_forms(self) -> tuple[str, ...]:
        """Return the fullest spelling, then the other forms of several words, most frequent first.

        The fullest has most words, then is not in capitals, then is the most frequent, then the first in the text.
        """
        if len(self.forms) == 1:  # most names have one spelling
            return tuple(self.forms)
        name = max(self.forms, key=lambda form: (len(form.split()), not _is_all_caps(form), self.forms[form]))
        others = (form for form in self.forms if form != name and " " in form)
        return (name, *sorted(others, key=lambda form: (-self.forms[form], form)))


@dataclass(frozen=True, slots=True)
class NameClusters:
    """All clusters of an article, and the link of each name in the order of ``names``."""

    clusters: tuple[Cluster, ...]
    links: tuple[Link, ...]


def entity_hash(name: str, entity_type: str) -> str:
    """Return the id of an unlinked entity: 16 hex digits of the hash of its folded name and type."""
    return hashlib.sha256(f"{fold_name(name)}|{entity_type}".encode()).hexdigest()[:16]


def cluster_names(tokens: Tokens, names: tuple[Name, ...], data: NameData, kb: KnowledgeBase) -> NameClusters:
    """Return the clusters: the fullest names create them, then surnames, acronyms and short forms join."""
    spellings: list[Spelling] = []
    generations = _generations(tokens, names, data)
    for place, (name, surface) in enumerate(zip(names, surfaces_of(tokens, names), strict=True)):
        spelling = _spelling(tokens, name, surface, place, data, generations.get(place))
        is_relative = name.label == "PERSON" and _follows_kin_noun(tokens, name, data)
        spellings.append(
            replace(spelling, namesakes=_namesakes(names, spellings, spelling)) if is_relative else spelling
        )
    explained = _acronym_targets(tokens, names, spellings, data, kb)
    clusters: list[_Gathering] = []
    people, things = PersonClusters(clusters, data), ThingClusters(clusters, data, kb)
    links: dict[int, Link] = {}
    for spelling in sorted(spellings, key=_fullest_first):
        if names[spelling.place].label == "PERSON":
            link = people.link(spelling)
        else:
            partner = links.get(explained.get(spelling.place, -1))
            link = things.link(spelling, names[spelling.place].label, None if partner is None else partner.cluster)
        links[spelling.place] = link
        if link.cluster is not None:
            clusters[link.cluster].add(spelling)
    return _in_reading_order(clusters, [links[place] for place in range(len(names))])


def _fullest_first(spelling: Spelling) -> tuple[bool, bool, bool, bool, int, int]:
    """Order full names before short ones, relatives after other full names, and surnames of one word last, by place.

    Earlier names decide what a short one refers to.
    """
    is_full, count = spelling.is_full, len(spelling.words)
    is_relative = is_full and bool(spelling.namesakes)
    is_last = not is_full and count == 1
    return not is_full, _is_acronym(spelling.surface), is_relative, is_last, -count if is_full else 0, spelling.place


def _generations(tokens: Tokens, names: tuple[Name, ...], data: NameData) -> Mapping[int, str]:
    """Return the "Jr" or "Sr" after names by place, if an article has both of one surname or the son of a namesake.

    Elsewhere the word does not part two people: most articles give it once and leave it out later.
    """
    generations: dict[int, str] = {}
    marked: defaultdict[str, set[str]] = defaultdict(set)  # what parts the bearers of a surname
    for place, name in enumerate(names):
        after = name.last + 1
        after += after < len(tokens) and tokens.text[after] == ","
        word = tokens.bare[after] if after < len(tokens) else ""
        if name.label == "PERSON" and word in data.generations:
            generations[place] = strip_full_stops(tokens.text[after])
            marked[tokens.lower[name.last]].update({word, "kin"} if _follows_kin_noun(tokens, name, data) else {word})
    return {place: word for place, word in generations.items() if len(marked[tokens.lower[names[place].last]]) > 1}


def _spelling(tokens: Tokens, name: Name, surface: str, place: int, data: NameData, generation: str | None) -> Spelling:
    if name.family is not None:
        surface = f"{surface} {tokens.text[name.family]}"
    words = fold_name_cached(surface).split()
    marks = "\"'“”()"
    nickname = next((word.strip(marks) for word in words[1:-1] if word[0] in marks), None)
    parts = tuple(word for word in words if word[0] not in marks) if nickname else tuple(words)
    if generation:
        surface, parts = f"{surface} {generation}", (*parts[:-1], f"{parts[-1]} {generation.lower()}")
    is_couple = name.title is not None and not data.evidence.joining_words.isdisjoint(
        tokens.lower[name.title : name.first]
    )
    return Spelling(
        surface=surface,
        words=parts,
        place=place,
        sentence=tokens.sentence[name.first],
        is_full=any(word not in data.name_particles for word in parts[:-1]),
        gender=None if is_couple else _honorific_gender(tokens, name, data),
        is_couple=is_couple,
        nickname=nickname,
        office=_office(tokens, name, data),
    )


def _office(tokens: Tokens, name: Name, data: NameData) -> str | None:
    if name.title is None:
        return None
    word = tokens.bare[name.first - 1]
    return None if data.honorifics.get(word) else next(iter(data.title_nouns.get(word, ())), word)


def _follows_kin_noun(tokens: Tokens, name: Name, data: NameData) -> bool:
    """Return whether a name is that of a relative: "his son Emil", "her father, Emil Pym", "the brother of Dr Pym"."""
    before = (name.first if name.title is None else name.title) - 1
    before -= before > 0 and (tokens.text[before] == "," or tokens.lower[before] in data.evidence.of_words)
    return before >= 0 and tokens.lower[before] in data.evidence.kin_nouns


def _namesakes(names: tuple[Name, ...], earlier: list[Spelling], spelling: Spelling) -> tuple[int, ...]:
    """Return the places of the people shortly before a name in its sentence who have its surname."""
    same = takewhile(lambda other: other.sentence == spelling.sentence, reversed(earlier[-_MOST_BEARERS:]))
    surname = _surname(spelling.words)
    return tuple(
        other.place for other in same if names[other.place].label == "PERSON" and _surname(other.words) == surname
    )


def _honorific_gender(tokens: Tokens, name: Name, data: NameData) -> Gender | None:
    if name.title is None:
        return None
    words = (tokens.bare[index] for index in range(name.title, name.first))
    shown = {gender for word in words if (gender := data.honorifics.get(word))}
    return shown.pop() if len(shown) == 1 else None


def _is_acronym(surface: str) -> bool:
    """Return whether a name consists of two to six capitals, ignoring full stops."""
    letters = surface.replace(".", "")
    return 2 <= len(letters) <= 6 and letters.isupper() and letters.isalpha()


def _is_all_caps(form: str) -> bool:
    return form.isupper() and not _is_acronym(form)


def _acronym_targets(
    tokens: Tokens, names: tuple[Name, ...], spellings: list[Spelling], data: NameData, kb: KnowledgeBase
) -> Mapping[int, int]:
    """Return the place of each acronym's full name, if one of the two follows the other in brackets."""
    targets: dict[int, int] = {}
    for place in range(len(names) - 1):
        left, right = names[place], names[place + 1]
        if right.first != left.last + 2 or tokens.text[left.last + 1] != "(":
            continue
        short, full = (place, place + 1) if _is_acronym(spellings[place].surface) else (place + 1, place)
        if _is_acronym(spellings[short].surface) and spellings[short].surface[0].lower() == spellings[full].words[0][0]:
            targets[short] = full
    return _partial_targets(names, spellings, data, kb) | targets


def _partial_targets(
    names: tuple[Name, ...], spellings: list[Spelling], data: NameData, kb: KnowledgeBase
) -> dict[int, int]:
    """Return the place of the full name of each acronym that leaves out a country before it or a role after it: "OHA"
    of "Norwegian Oslo Harbour Authority" and "Oslo Harbour Authority Chair".
    """
    short = {
        place: spelling.folded
        for place, spelling in enumerate(spellings)
        if _is_acronym(spelling.surface) and len(spelling.folded) >= _LEAST_ACRONYM
    }
    if not short:
        return {}
    full: defaultdict[str, dict[tuple[str, ...], int]] = defaultdict(dict)
    for place, spelling in enumerate(spellings):
        if names[place].label == "ORG" and len(spelling.words) > 2:
            for words in _partial_names(spelling, data, kb):
                full["".join(word[0] for word in words)].setdefault(spelling.words, place)
    only = ((place, full[letters]) for place, letters in short.items() if len(full.get(letters, ())) == 1)
    return {place: next(iter(places.values())) for place, places in only}


def _partial_names(spelling: Spelling, data: NameData, kb: KnowledgeBase) -> Iterator[list[str]]:
    words = spelling.words
    content = [word for word in words if word not in data.acronym_skips]
    for count in (1, 2):
        if kb.country_of(" ".join(words[:count])) is not None:
            yield content[count:]
    if words[-1] in data.roles:
        yield content[:-1]


def _in_reading_order(clusters: list[_Gathering], links: list[Link]) -> NameClusters:
    order = list(dict.fromkeys(link.cluster for link in links if link.cluster is not None))
    place = {old: new for new, old in enumerate(order)}
    return NameClusters(
        clusters=tuple(clusters[old].cluster() for old in order),
        links=tuple(
            Link(None if link.cluster is None else place[link.cluster], link.method, link.confidence) for link in links
        ),
    )


# Persons: full names first, then surnames and forenames that refer to them.

_LEAST_ACRONYM = 3  # letters
_MOST_BEARERS = 50  # of one surname; with more the name stays unlinked, because comparing all would not be linear
_NUMERALS = frozenset(numeral.lower() for numeral in NUMERALS)


class PersonClusters:
    """The people of an article, and the indexes that map a shorter form to fuller ones.

    Full names come first, in any order; then surnames with particles and those of one word, in reading order.
    """

    def __init__(self, clusters: list[_Gathering], data: NameData) -> None:
        self._clusters = clusters
        self._data = data
        self._by_surname: defaultdict[str, list[int]] = defaultdict(list)
        self._by_forename: defaultdict[str, list[int]] = defaultdict(list)
        self._alone: defaultdict[str, dict[Gender | None, int]] = defaultdict(dict)
        self._exact: dict[tuple[str, ...], int] = {}
        self._first: dict[int, int] = {}
        self._sentences: defaultdict[int, set[int]] = defaultdict(set)
        self._meant: dict[str, int] = {}
        self._linked: dict[int, int | None] = {}

    def link(self, spelling: Spelling) -> Link:
        """Return the link of one name; create a cluster if none matches."""
        link = self._full(spelling) if spelling.is_full else self._short(spelling)
        self._linked[spelling.place] = link.cluster
        return link

    def _full(self, spelling: Spelling) -> Link:
        words = spelling.words
        cluster = self._same(spelling)
        if cluster is None:
            link = self._new(words)
            cluster = len(self._clusters) - 1
            self._by_surname[_surname(words)].append(cluster)
            self._by_forename[words[0]].append(cluster)
            for called in _called_by(words, self._data):
                self._by_forename[called].append(cluster)
        else:
            known = self._clusters[cluster].words
            is_tail = known[-len(words) :] == words != known
            link = Link(cluster, "surname" if is_tail else "exact", 1.0 if known == words else 0.9)
        if spelling.nickname and cluster not in self._by_forename[spelling.nickname][-1:]:
            self._by_forename[spelling.nickname].append(cluster)
        self._exact[words] = cluster
        self._name(cluster, spelling)
        return link

    def _name(self, cluster: int, spelling: Spelling) -> None:
        """Note where a bearer is named in full."""
        self._first[cluster] = min(self._first.get(cluster, spelling.place), spelling.place)
        self._sentences[cluster].add(spelling.sentence)

    def _same(self, spelling: Spelling) -> int | None:
        """Return the only cluster whose full name may be the same person's."""
        words = spelling.words
        if words in self._exact:
            return self._exact[words]
        bearers = self._by_surname.get(_surname(words), [])[:_MOST_BEARERS]
        relatives = self._relatives(spelling)
        fitting = [each for each in bearers if each not in relatives and _may_be_same(self._clusters[each], words)]
        return fitting[0] if len(fitting) == 1 else None

    def _relatives(self, spelling: Spelling) -> set[int | None]:
        """Return the people of the sentence whose relative has this name; a surname alone means its only bearer."""
        bearers = self._by_surname.get(_surname(spelling.words), ())
        only = bearers[0] if len(bearers) == 1 else None
        return {self._linked.get(place, only) for place in spelling.namesakes}

    def _short(self, spelling: Spelling) -> Link:
        if len(spelling.words) > 1 and not self._tails(spelling):
            return self._full(spelling)  # "Ben Harlan": a forename that is also a particle
        surname = _surname(spelling.words)
        for bearers, method, confidence in self._ways(spelling, surname):
            link = self._borne(bearers, spelling, method, confidence)
            if link is not None:
                if method == "surname" and link.cluster is not None and link.confidence >= 0.7:
                    self._meant[surname] = link.cluster
                return link
        return self._lone(spelling)

    def _tails(self, spelling: Spelling) -> list[int]:
        """Return the bearers whose full name ends with a surname and its particles ("bin Farouk", "Al Rashidi")."""
        tail = _without_hyphens(spelling.words)
        bearers = self._by_surname.get(_surname(spelling.words), [])[:_MOST_BEARERS]
        return [each for each in bearers if _without_hyphens(self._clusters[each].words)[-len(tail) :] == tail]

    def _ways(self, spelling: Spelling, surname: str) -> list[tuple[list[int], LinkMethod, float]]:
        """Return the bearers of a short name as surname and as forename, with method and confidence, best first.

        It is the surname of somebody, unless only a bearer of the forename was named before.
        """
        bearers = self._tails(spelling) if len(spelling.words) > 1 else self._by_surname.get(surname, [])
        called = self._by_forename.get(spelling.folded, [])
        ways: list[tuple[list[int], LinkMethod, float]] = [(bearers, "surname", 0.9), (called, "alias", 0.75)]
        is_called = spelling.gender is None and self._is_named_before(called, spelling)
        return ways[::-1] if is_called and not self._is_named_before(bearers, spelling) else ways

    def _is_named_before(self, bearers: list[int], spelling: Spelling) -> bool:
        return any(self._first[bearer] < spelling.place for bearer in bearers[:_MOST_BEARERS])

    def _borne(self, bearers: list[int], spelling: Spelling, method: LinkMethod, confidence: float) -> Link | None:
        """Return the link to the right bearer, an open link for several, None for no bearer.

        The honorific or office decides; then the only one named before; then the only one whose full name is repeated;
        then the last referent of the short name, unless another bearer was just named.
        """
        if len(bearers) > _MOST_BEARERS:
            return _OPEN_LINK
        fitting = self._fitting(bearers, spelling)
        if len(fitting) < 2:
            return Link(fitting[0], method, confidence) if fitting else None
        shown = [bearer for bearer in fitting if self._is_shown(bearer, spelling)]
        if len(shown) == 1:
            return Link(shown[0], method, 0.7)
        before = [bearer for bearer in fitting if self._first[bearer] < spelling.place]
        if len(before) == 1:
            return Link(before[0], method, 0.7)
        meant = self._leading(before)
        if meant is None:
            meant = self._meant.get(_surname(spelling.words))
            rivals = (bearer for bearer in before if bearer != meant)
            near = {spelling.sentence, spelling.sentence - 1}
            if meant not in before or any(near & self._sentences[rival] for rival in rivals):
                return _OPEN_LINK
        return Link(meant, method, 0.6)

    def _fitting(self, bearers: list[int], spelling: Spelling) -> list[int]:
        """Return the bearers whose gender a short name does not contradict, and who are no relatives of its bearer."""
        relatives, genders = self._relatives(spelling), (spelling.gender, None)
        return [
            bearer
            for bearer in bearers
            if bearer not in relatives and (spelling.gender is None or self._gender_of(bearer) in genders)
        ]

    def _is_shown(self, bearer: int, spelling: Spelling) -> bool:
        """Return whether a bearer has the gender of a short name's honorific, or without one its office."""
        if spelling.gender is not None:
            return self._gender_of(bearer) == spelling.gender
        return spelling.office is not None and spelling.office in self._clusters[bearer].offices

    def _leading(self, bearers: list[int]) -> int | None:
        """Return the only bearer with a full name in several sentences, as in an obituary."""
        leading = [bearer for bearer in bearers if len(self._sentences[bearer]) > 1]
        return leading[0] if len(leading) == 1 else None

    def _gender_of(self, cluster: int) -> Gender | None:
        shown = self._clusters[cluster].honorifics
        if len(shown) == 1:
            return next(iter(shown))
        return self._data.forenames.get(self._clusters[cluster].words[0])

    def _lone(self, spelling: Spelling) -> Link:
        """Return the link of a name without a full form: different honorifics separate two bearers."""
        same = self._alone[spelling.folded]
        if spelling.is_couple or (spelling.gender is None and len(set(same.values())) > 1):
            return _OPEN_LINK
        twin = same.get(spelling.gender)
        if twin is None and len(same) == 1 and (spelling.gender is None or None in same):
            twin = next(iter(same.values()))
        if twin is None:
            link = self._new(spelling.words)
            twin = len(self._clusters) - 1
            if spelling.namesakes:  # a relative is one more bearer of the surname
                self._by_surname[_surname(spelling.words)].append(twin)
                self._name(twin, spelling)
        else:
            link = Link(twin, "exact", 1.0)
        same.setdefault(spelling.gender, twin)
        return link

    def _new(self, words: tuple[str, ...]) -> Link:
        self._clusters.append(_Gathering("PERSON", words))
        return Link(len(self._clusters) - 1, "exact", 1.0)


def _called_by(words: tuple[str, ...], data: NameData) -> tuple[str, ...]:
    """Return the other words that some are called by: the one before the first particle, if it is not the forename
    ("Lio" of "Ana Maria Lio da Costa"), and the surname without "Jr".
    """
    particle = next((place for place, word in enumerate(words) if word in data.name_particles), 0)
    surname, _, generation = words[-1].partition(" ")
    return (*(words[particle - 1 : particle] if particle > 1 else ()), *((surname,) if generation else ()))


def _surname(words: tuple[str, ...]) -> str:
    """Return the family name for comparison: the final word without "al-", or all words of "Gregory II"."""
    last = words[-1]
    if last in _NUMERALS and len(words) > 1:
        return " ".join(words)
    head, mark, tail = last.partition("-")
    return tail if mark and len(head) == 2 else last


def _without_hyphens(words: tuple[str, ...]) -> list[str]:
    return " ".join(words).replace("-", " ").split()


def _may_be_same(cluster: _Gathering, words: tuple[str, ...]) -> bool:
    """Return whether two full names with the same surname may be the same person's."""
    known = cluster.words
    if known == words or known[-len(words) :] == words:
        return True
    if words[0] in cluster.nicknames:
        return True
    if not _fits(known[0], words[0]):
        return False
    pairs = zip(known[1:-1], words[1:-1], strict=False)
    return all(_fits(left, right) for left, right in pairs)


def _fits(left: str, right: str) -> bool:
    """Return whether two forenames are equal, or one is the initial of the other."""
    return left == right or (min(len(left), len(right)) == 1 and left[0] == right[0])


# Organisations, places and other things: known names, acronyms and short forms.

_PLACES = frozenset({"GPE", "LOC", "FAC"})


class ThingClusters:
    """The organisations, places and other things of an article, and the indexes of their short forms."""

    def __init__(self, clusters: list[_Gathering], data: NameData, kb: KnowledgeBase) -> None:
        self._clusters = clusters
        self._data = data
        self._kb = kb
        self._exact: dict[tuple[str, str], int] = {}
        self._known: dict[str, int] = {}
        self._by_initials: defaultdict[str, set[int]] = defaultdict(set)
        self._by_short_form: defaultdict[str, set[int]] = defaultdict(set)
        self._suffixes = data.company_suffixes | data.evidence.club_words | data.evidence.firm_endings

    def link(self, spelling: Spelling, entity_type: str, explained: int | None) -> Link:
        """Return the link of one name; create a cluster if none matches.

        ``explained`` is the cluster of an acronym that the text explains in brackets.
        """
        entry = self._kb.lookup(spelling.surface, entity_type)
        if entry is not None and entry.name in self._known:
            same = self._clusters[self._known[entry.name]].words == spelling.words
            return Link(self._known[entry.name], "exact" if same else "alias", 1.0 if same else 0.95)
        folded = spelling.folded
        group = "place" if entity_type in _PLACES else "people" if entity_type == "NORP" else "thing"
        if (twin := self._exact.get((folded, group))) is not None:
            return Link(twin, "exact", 1.0)
        link = self._fuller(spelling, group, explained) or self._new(spelling.words, entity_type, group)
        assert link.cluster is not None
        self._exact[(folded, group)] = link.cluster
        if entry is not None:
            self._known[entry.name] = link.cluster
        return link

    def _fuller(self, spelling: Spelling, group: str, explained: int | None) -> Link | None:
        """Return the link to the only fuller name with this short form."""
        if explained is not None:
            return Link(explained, "acronym", 0.95)
        bearers = self._by_initials.get(spelling.folded, set()) if _is_acronym(spelling.surface) else set()
        if len(bearers) == 1:
            return Link(next(iter(bearers)), "acronym", 0.85)
        bearers = self._by_short_form.get(spelling.folded, set()) if group == "thing" else set()
        return Link(next(iter(bearers)), "alias", 0.8) if len(bearers) == 1 else None

    def _new(self, words: tuple[str, ...], entity_type: str, group: str) -> Link:
        cluster = len(self._clusters)
        self._clusters.append(_Gathering(entity_type, words))
        if len(words) > 1:
            skips = self._data.acronym_skips
            self._by_initials["".join(word[0] for word in words)].add(cluster)
            if group == "thing":  # an acronym of a place leaves no word out
                self._by_initials["".join(word[0] for word in words if word not in skips)].add(cluster)
                for form in self._short_forms(words):
                    self._by_short_form[form].add(cluster)
        return Link(cluster, "exact", 1.0)

    def _short_forms(self, words: tuple[str, ...]) -> set[str]:
        """Return the short forms of an organisation: "Acme" for "Acme Holdings", "the Front", "Red Sox"."""
        data = self._data
        forms = set()
        last = words[-1]
        if (last in data.evidence.last_words or last in data.evidence.club_words) and not data.evidence.of_words & set(
            words
        ):
            forms.add(last)
        if all(word in self._suffixes for word in words[1:]):
            forms.add(words[0])
        if data.evidence.first_words.get(words[0]) in ("ORG", "EVENT", "PRODUCT"):
            forms.add(" ".join(words[1:]))
        if len(words) > 2 and not data.acronym_skips & set(words):
            forms.add(" ".join(words[1:]))
        return forms
