"""Which person a name means: full names first, then surnames and forenames of those who bear them."""

from collections import defaultdict

from pipeline.model.annotation import Gender, LinkMethod
from pipeline.nlp.coref.clusters import OPEN_LINK, Cluster, Link, Spelling
from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.ner.boundaries import NUMERALS

_MOST_BEARERS = 50  # of one surname; who is meant is open then, and looking at all would not be linear
_NUMERALS = frozenset(numeral.lower() for numeral in NUMERALS)


class PersonClusters:
    """The people of an article, and the indexes by which a shorter form finds a fuller one.

    Full names come first, in any order; short ones after them, in reading order.
    """

    def __init__(self, clusters: list[Cluster], data: NameData) -> None:
        self._clusters = clusters
        self._data = data
        self._by_surname: defaultdict[str, list[int]] = defaultdict(list)
        self._by_forename: defaultdict[str, list[int]] = defaultdict(list)
        self._alone: defaultdict[str, dict[Gender | None, int]] = defaultdict(dict)
        self._exact: dict[tuple[str, ...], int] = {}
        self._first: dict[int, int] = {}
        self._sentences: defaultdict[int, set[int]] = defaultdict(set)
        self._meant: dict[str, int] = {}

    def link(self, spelling: Spelling) -> Link:
        """Return the link of one name, making a cluster where none fits."""
        return self._full(spelling) if spelling.is_full else self._short(spelling)

    def _full(self, spelling: Spelling) -> Link:
        words = spelling.words
        cluster = self._same(words)
        if cluster is None:
            link = self._new(words)
            cluster = len(self._clusters) - 1
            self._by_surname[_surname(words)].append(cluster)
            self._by_forename[words[0]].append(cluster)
        else:
            known = self._clusters[cluster].words
            is_tail = known[-len(words) :] == words != known
            link = Link(cluster, "surname" if is_tail else "exact", 1.0 if known == words else 0.9)
        if spelling.nickname and cluster not in self._by_forename[spelling.nickname][-1:]:
            self._by_forename[spelling.nickname].append(cluster)
        self._exact[words] = cluster
        self._first[cluster] = min(self._first.get(cluster, spelling.place), spelling.place)
        self._sentences[cluster].add(spelling.sentence)
        return link

    def _same(self, words: tuple[str, ...]) -> int | None:
        """Return the only one whose full name may be this one."""
        if words in self._exact:
            return self._exact[words]
        bearers = self._by_surname.get(_surname(words), [])[:_MOST_BEARERS]
        fitting = [bearer for bearer in bearers if _may_be_same(self._clusters[bearer], words)]
        return fitting[0] if len(fitting) == 1 else None

    def _short(self, spelling: Spelling) -> Link:
        surname = _surname(spelling.words)
        for bearers, method, confidence in self._ways(spelling, surname):
            link = self._borne(bearers, spelling, method, confidence)
            if link is not None:
                if method == "surname" and link.cluster is not None and link.confidence >= 0.7:
                    self._meant[surname] = link.cluster
                return link
        return self._lone(spelling)

    def _ways(self, spelling: Spelling, surname: str) -> tuple[tuple[list[int], LinkMethod, float], ...]:
        return (
            (self._by_surname.get(surname, []), "surname", 0.9),
            (self._by_forename.get(spelling.folded, []), "alias", 0.75),
        )

    def _borne(self, bearers: list[int], spelling: Spelling, method: LinkMethod, confidence: float) -> Link | None:
        """Return the link to the bearer that is meant, an open one for several, None for none.

        The honorific decides; then who of them was named before; then whose full name the article repeats; then who
        was last meant by the name alone, unless another bearer was just named.
        """
        gender = spelling.gender
        if len(bearers) > _MOST_BEARERS:
            return OPEN_LINK
        fitting = [bearer for bearer in bearers if gender is None or self._gender_of(bearer) in (gender, None)]
        if len(fitting) < 2:
            return Link(fitting[0], method, confidence) if fitting else None
        shown = [bearer for bearer in fitting if gender and self._gender_of(bearer) == gender]
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
                return OPEN_LINK
        return Link(meant, method, 0.6)

    def _leading(self, bearers: list[int]) -> int | None:
        """Return the one with a full name in several sentences where the others have it in one, as in an obituary."""
        leading = [bearer for bearer in bearers if len(self._sentences[bearer]) > 1]
        return leading[0] if len(leading) == 1 else None

    def _gender_of(self, cluster: int) -> Gender | None:
        shown = self._clusters[cluster].honorifics
        if len(shown) == 1:
            return next(iter(shown))
        return self._data.forenames.get(self._clusters[cluster].words[0])

    def _lone(self, spelling: Spelling) -> Link:
        """Return the link of a name that no full name has: its honorifics tell two bearers apart."""
        same = self._alone[spelling.folded]
        twin = same.get(spelling.gender)
        if twin is None and len(set(same.values())) == 1 and (spelling.gender is None or None in same):
            twin = next(iter(same.values()))
        if twin is None:
            link = self._new(spelling.words)
            twin = len(self._clusters) - 1
        else:
            link = Link(twin, "exact", 1.0)
        same.setdefault(spelling.gender, twin)
        return link

    def _new(self, words: tuple[str, ...]) -> Link:
        self._clusters.append(Cluster("PERSON", words))
        return Link(len(self._clusters) - 1, "exact", 1.0)


def _surname(words: tuple[str, ...]) -> str:
    """Return the family name for comparing: the last word without "al-"; nothing for "Gregory II"."""
    last = words[-1]
    if last in _NUMERALS and len(words) > 1:
        return " ".join(words)
    head, mark, tail = last.partition("-")
    return tail if mark and len(head) == 2 else last


def _may_be_same(cluster: Cluster, words: tuple[str, ...]) -> bool:
    """Return whether two full names with one surname are one person's."""
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
    """Return whether two forenames are equal, or one is the other's initial."""
    return left == right or (min(len(left), len(right)) == 1 and left[0] == right[0])
