"""Which organisation, place or other thing a name means: known names, acronyms and short forms."""

from collections import defaultdict

from pipeline.kb import KnowledgeBase
from pipeline.nlp.coref.clusters import Cluster, Link, Spelling, is_acronym
from pipeline.nlp.languages.spec import NameData

_PLACES = frozenset({"GPE", "LOC", "FAC"})


class ThingClusters:
    """The organisations, places and other things of an article, and the indexes of their short forms."""

    def __init__(self, clusters: list[Cluster], data: NameData, kb: KnowledgeBase) -> None:
        self._clusters = clusters
        self._data = data
        self._kb = kb
        self._exact: dict[tuple[str, str], int] = {}
        self._known: dict[str, int] = {}
        self._by_initials: defaultdict[str, set[int]] = defaultdict(set)
        self._by_short_form: defaultdict[str, set[int]] = defaultdict(set)
        self._suffixes = data.company_suffixes | data.evidence.club_words | data.evidence.firm_endings

    def link(self, spelling: Spelling, entity_type: str, explained: int | None) -> Link:
        """Return the link of one name, making a cluster where none fits.

        ``explained`` is the cluster that the text gives for an acronym in brackets.
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
        """Return the link to the one fuller name that this is short for."""
        if explained is not None:
            return Link(explained, "acronym", 0.95)
        found = self._by_initials.get(spelling.folded, set()) if is_acronym(spelling.surface) else set()
        if len(found) == 1:
            return Link(next(iter(found)), "acronym", 0.85)
        found = self._by_short_form.get(spelling.folded, set()) if group == "thing" else set()
        return Link(next(iter(found)), "alias", 0.8) if len(found) == 1 else None

    def _new(self, words: tuple[str, ...], entity_type: str, group: str) -> Link:
        cluster = len(self._clusters)
        self._clusters.append(Cluster(entity_type, words))
        if len(words) > 1:
            skips = self._data.acronym_skips
            self._by_initials["".join(word[0] for word in words)].add(cluster)
            self._by_initials["".join(word[0] for word in words if word not in skips)].add(cluster)
            if group == "thing":
                for form in self._short_forms(words):
                    self._by_short_form[form].add(cluster)
        return Link(cluster, "exact", 1.0)

    def _short_forms(self, words: tuple[str, ...]) -> set[str]:
        """Return what an organisation is called for short: "Acme" of "Acme Holdings", "the Front", "Red Sox"."""
        data = self._data
        found = set()
        last = words[-1]
        if (last in data.evidence.last_words or last in data.evidence.club_words) and not data.evidence.of_words & set(
            words
        ):
            found.add(last)
        if all(word in self._suffixes for word in words[1:]):
            found.add(words[0])
        if data.evidence.first_words.get(words[0]) in ("ORG", "EVENT", "PRODUCT"):
            found.add(" ".join(words[1:]))
        if len(words) > 2 and not data.acronym_skips & set(words):
            found.add(" ".join(words[1:]))
        return found
