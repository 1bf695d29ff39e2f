"""Coreference resolution: the names, nouns and pronouns of an article that refer to one entity, and its gender."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.model.annotation import CountryMethod, Gender, GenderMethod
from newslake.pipeline.nlp.coref.countries import countries_of_persons
from newslake.pipeline.nlp.coref.gender import gender_from_evidence, person_likelihood
from newslake.pipeline.nlp.coref.interviews import Interview, PersonMention, find_interview
from newslake.pipeline.nlp.coref.name_clusters import NameClusters, cluster_names
from newslake.pipeline.nlp.coref.plurals import Antecedent, GroupMention, resolve_counted_nouns, resolve_plural_pronouns
from newslake.pipeline.nlp.coref.pronoun_features import KnownMention
from newslake.pipeline.nlp.coref.pronouns import PronounResolution, PronounResolver
from newslake.pipeline.nlp.coref.roles import role_key, role_nouns, role_of, title_keys
from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.ner.recognizer import find_names
from newslake.pipeline.nlp.ner.spans import Name
from newslake.pipeline.nlp.tokens import Tokens, head_of

_PLACES = frozenset({"GPE", "LOC", "FAC"})


@dataclass(frozen=True, slots=True)
class Coreference:
    """The coreference of an article. ``roles`` has the first and last token of each name's role.

    ``group_mentions`` are definite nouns, and plural pronouns with several referents; these are among ``pronouns`` too.
    By cluster: ``gender_from_name`` by names and titles, ``gender_from_pronoun`` by pronouns, ``countries`` of persons.
    """

    names: tuple[Name, ...]
    chains: NameClusters
    roles: tuple[tuple[int, int] | None, ...]
    group_mentions: tuple[GroupMention, ...]
    pronouns: tuple[PronounResolution, ...]
    gender_from_name: tuple[tuple[Gender | None, GenderMethod], ...]
    gender_from_pronoun: Mapping[int, Gender]
    countries: Mapping[int, tuple[str, CountryMethod]]
    interview: Interview | None


def resolve_coreference(tokens: Tokens, in_quote: Sequence[bool], data: NameData, kb: KnowledgeBase) -> Coreference:
    """Return the names of an article, their clusters, and the nouns and pronouns that refer to them."""
    names = find_names(tokens, data, kb)
    chains = cluster_names(tokens, names, data, kb)
    roles = _roles(tokens, names, chains, data)
    keys = _role_keys(tokens, (chains, roles), data)
    gender_from_name = tuple(
        gender_from_evidence(cluster, keys.get(i, ()), data, kb) for i, cluster in enumerate(chains.clusters)
    )
    genders = [gender for gender, _ in gender_from_name]
    in_role = _in_role(keys, _counterparts(tokens, names, (chains, roles), data))
    nouns = _organisation_nouns(chains, data) | _bearers(_with_titles(tokens, names, (chains, keys), data))
    nominal = _nominal(tokens, data, (names, chains, genders), (nouns, in_role), kb)
    known = {
        each.first: KnownMention(each.last, each.members[0], "nominal") for each in nominal if len(each.members) == 1
    }
    known |= {n.first: KnownMention(n.last, link.cluster, "name") for n, link in zip(names, chains.links, strict=True)}
    resolver = _pronoun_resolver(tokens, in_quote, (names, chains, genders), data, kb)
    pronouns, resolver = _resolve_pronouns(resolver, known)
    plurals = [each.token for each in pronouns if each.pronoun.kind == "group"]
    known |= {p.token: KnownMention(p.token, p.cluster, "pronoun") for p in pronouns}
    antecedents = _antecedents(tokens, data, known, chains, genders, kb) if plurals else ()
    return Coreference(
        names=names,
        chains=chains,
        roles=roles,
        group_mentions=(*nominal, *resolve_plural_pronouns(tokens, data, antecedents, plurals, nominal)),
        pronouns=pronouns,
        gender_from_name=gender_from_name,
        gender_from_pronoun=resolver.gender_from_pronoun,
        countries=countries_of_persons(tokens, names, (chains, roles, pronouns), data, kb),
        interview=resolver.interview,
    )


def _pronoun_resolver(
    tokens: Tokens,
    in_quote: Sequence[bool],
    known: tuple[tuple[Name, ...], NameClusters, Sequence[Gender | None]],
    data: NameData,
    kb: KnowledgeBase,
) -> PronounResolver:
    names, chains, genders = known
    return PronounResolver(
        tokens,
        data,
        types=[cluster.entity_type for cluster in chains.clusters],
        person_likelihoods=_person_likelihoods(tokens, names, chains, data, kb),
        genders=genders,
        words=[len(cluster.words) for cluster in chains.clusters],
        named=[cluster.mentions for cluster in chains.clusters],
        in_quote=in_quote,
    )


def _person_likelihoods(
    tokens: Tokens, names: tuple[Name, ...], chains: NameClusters, data: NameData, kb: KnowledgeBase
) -> list[str | None]:
    """Return by cluster how likely it is a person; not if it is a place after "in" or "at"."""
    places = {
        link.cluster
        for name, link in zip(names, chains.links, strict=True)
        if name.first > 0 and tokens.lower[name.first - 1] in data.place_prepositions and name.label in _PLACES
    }
    likelihoods = (person_likelihood(cluster, data, kb) for cluster in chains.clusters)
    return [None if i in places and each != "PERSON" else each for i, each in enumerate(likelihoods)]


def _resolve_pronouns(
    resolver: PronounResolver, known: Mapping[int, KnownMention]
) -> tuple[tuple[PronounResolution, ...], PronounResolver]:
    """Return the pronouns, and the resolver with its findings.

    A person with both "he" and "she" is resolved again with the gender that most give, each counted by its confidence;
    an interview is resolved again with the person interviewed.
    """
    pronouns = resolver.resolve(known)
    shown = _genders_of_most(pronouns)
    persons = partial(_person_mentions, resolver, known, pronouns)
    interview = find_interview(resolver.tokens, persons, resolver.data, resolver.in_quote)
    if not shown and interview is None:
        return pronouns, resolver
    genders = [gender or shown.get(cluster) for cluster, gender in enumerate(resolver.genders)]
    again = replace(
        resolver, genders=genders, interview=interview, gender_from_pronoun={}, _saliences={}, _quote_speaker=None
    )
    return _without_minority(again.resolve(known)), again


def _genders_of_most(pronouns: Sequence[PronounResolution]) -> Mapping[int, Gender]:
    """Return the gender that most pronouns give each person who has both."""
    votes: defaultdict[int, defaultdict[Gender, float]] = defaultdict(lambda: defaultdict(float))
    for each in pronouns:
        if each.cluster is not None and each.pronoun.gender:
            votes[each.cluster][each.pronoun.gender] += each.confidence
    return {cluster: max(sorted(vote), key=vote.__getitem__) for cluster, vote in votes.items() if len(vote) > 1}


def _without_minority(pronouns: Sequence[PronounResolution]) -> tuple[PronounResolution, ...]:
    """Return the pronouns; of a person who is still "he" and "she", only those of the commoner gender are resolved."""
    shown = _genders_of_most(pronouns)
    return tuple(
        each
        if each.cluster is None or each.pronoun.gender in (None, shown.get(each.cluster, each.pronoun.gender))
        else each._replace(cluster=None, confidence=0.0)
        for each in pronouns
    )


def _person_mentions(
    resolver: PronounResolver, known: Mapping[int, KnownMention], pronouns: Sequence[PronounResolution]
) -> list[PersonMention]:
    """Return the mentions of persons in reading order."""
    mentions = [
        PersonMention(head_of(resolver.tokens, first, each.last), each.cluster, is_name=each.kind == "name")
        for first, each in known.items()
        if each.cluster is not None
    ]
    mentions += [
        PersonMention(each.token, each.cluster, is_name=False) for each in pronouns if each.cluster is not None
    ]
    return sorted(
        (each for each in mentions if resolver.types[each.cluster] == "PERSON"), key=lambda mention: mention.token
    )


def _nominal(
    tokens: Tokens,
    data: NameData,
    known: tuple[tuple[Name, ...], NameClusters, Sequence[Gender | None]],
    roles: tuple[Mapping[tuple[str, ...], int], Mapping[str, Sequence[int]]],
    kb: KnowledgeBase,
) -> tuple[GroupMention, ...]:
    """Return the nouns that refer to names: first the roles of one bearer, then counted and other definite nouns."""
    names, chains, genders = known
    bearers, in_role = roles
    taken = {i for name in names for i in range(name.first, name.last + 1)}
    mentions = {
        n.first: KnownMention(n.last, link.cluster, "name") for n, link in zip(names, chains.links, strict=True)
    }
    by_role = (GroupMention(first, last, "nominal", (c,), 0.7) for first, last, c in role_nouns(tokens, bearers, data))
    counted = resolve_counted_nouns(tokens, data, _antecedents(tokens, data, mentions, chains, genders, kb), in_role)
    free = []
    for each in (*by_role, *counted):
        if taken.isdisjoint(range(each.first, each.last + 1)):
            taken.update(range(each.first, each.last + 1))
            free.append(each)
    return tuple(free)


def _antecedents(
    tokens: Tokens,
    data: NameData,
    known: Mapping[int, KnownMention],
    chains: NameClusters,
    genders: Sequence[Gender | None],
    kb: KnowledgeBase,
) -> tuple[Antecedent, ...]:
    """Return the mentions with a single referent, in reading order."""
    countries = {
        i for i, c in enumerate(chains.clusters) if c.entity_type == "GPE" and kb.country_of(c.name) is not None
    }
    public = {i for i, c in enumerate(chains.clusters) if not data.public_nouns.isdisjoint(c.words)}
    return tuple(
        Antecedent(
            head_of(tokens, first, each.last),
            each.cluster,
            chains.clusters[each.cluster].entity_type,
            genders[each.cluster],
            is_public=each.cluster in public,
            is_country=each.cluster in countries,
        )
        for first, each in sorted(known.items())
        if each.cluster is not None
    )


def _roles(
    tokens: Tokens, names: tuple[Name, ...], chains: NameClusters, data: NameData
) -> tuple[tuple[int, int] | None, ...]:
    """Return the first and last token of the role that the text gives each name of a person."""
    name_at = {i: name for name in names for i in range(name.first, name.last + 1)}
    return tuple(
        role_of(tokens, name, data, name_at)
        if link.cluster is not None and chains.clusters[link.cluster].entity_type == "PERSON"
        else None
        for name, link in zip(names, chains.links, strict=True)
    )


def _role_keys(
    tokens: Tokens, known: tuple[NameClusters, tuple[tuple[int, int] | None, ...]], data: NameData
) -> Mapping[int, tuple[tuple[str, ...], ...]]:
    """Return, by cluster, the nouns with which a later "the ..." would refer to each person."""
    chains, roles = known
    keys_of: defaultdict[int, list[tuple[str, ...]]] = defaultdict(list)
    for span, link in zip(roles, chains.links, strict=True):
        key = role_key(tokens, span, data) if span else None
        if key and link.cluster is not None:
            keys_of[link.cluster].append(key)
    return {cluster: tuple(dict.fromkeys(keys)) for cluster, keys in keys_of.items()}


def _with_titles(
    tokens: Tokens,
    names: tuple[Name, ...],
    known: tuple[NameClusters, Mapping[int, tuple[tuple[str, ...], ...]]],
    data: NameData,
) -> Mapping[int, tuple[tuple[str, ...], ...]]:
    """Return, by cluster, the nouns of the roles and titles of each person. A title's noun says nothing of a gender."""
    chains, keys = known
    keys_of = dict(keys)
    for name, link in zip(names, chains.links, strict=True):
        if link.cluster is not None and chains.clusters[link.cluster].entity_type == "PERSON":
            keys_of[link.cluster] = (*keys_of.get(link.cluster, ()), *title_keys(tokens, name, data))
    return keys_of


def _bearers(roles: Mapping[int, tuple[tuple[str, ...], ...]]) -> dict[tuple[str, ...], int]:
    """Return the roles that the text gives to exactly one person, with that person."""
    borne: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
    for cluster, keys in roles.items():
        for key in keys:
            borne[key].add(cluster)
            borne[key[-1:]].add(cluster)  # "the minister" after "the foreign minister"
    return {key: next(iter(clusters)) for key, clusters in borne.items() if len(clusters) == 1}


def _in_role(
    roles: Mapping[int, tuple[tuple[str, ...], ...]], counterparts: Mapping[int, int]
) -> Mapping[str, Sequence[int]]:
    """Return the persons in each role, by the role noun, in the order of their clusters."""
    clusters_of: defaultdict[str, set[int]] = defaultdict(set)
    for cluster, other in (*((each, each) for each in roles), *counterparts.items()):
        for key in roles.get(other, ()):
            clusters_of[key[-1]].add(cluster)
    return {noun: sorted(clusters) for noun, clusters in clusters_of.items()}


def _counterparts(
    tokens: Tokens,
    names: tuple[Name, ...],
    known: tuple[NameClusters, tuple[tuple[int, int] | None, ...]],
    data: NameData,
) -> Mapping[int, int]:
    """Return, by cluster, the person whose counterpart each is: the last other person named before in the sentence."""
    chains, roles = known
    counterparts: dict[int, int] = {}
    before: tuple[int, int] | None = None  # sentence and cluster of the last person
    for name, link, role in zip(names, chains.links, roles, strict=True):
        if link.cluster is None or chains.clusters[link.cluster].entity_type != "PERSON":
            continue
        sentence = tokens.sentence[name.first]
        words = set(tokens.lower[role[0] : role[1] + 1]) if role else set()
        if (
            before is not None
            and before[0] == sentence
            and before[1] != link.cluster
            and words & data.counterpart_nouns
        ):
            counterparts[link.cluster] = before[1]
        before = (sentence, link.cluster)
    return counterparts


def _organisation_nouns(chains: NameClusters, data: NameData) -> dict[tuple[str, ...], int]:
    """Return the nouns in the name of exactly one organisation or building ("the museum"), with its cluster."""
    borne: defaultdict[str, set[int]] = defaultdict(set)
    for index, cluster in enumerate(chains.clusters):
        if cluster.entity_type in ("ORG", "FAC") and len(cluster.words) > 1:
            noun = _kind_noun(cluster.words, data)
            if noun is not None:
                borne[noun].add(index)
    return {(noun,): next(iter(clusters)) for noun, clusters in borne.items() if len(clusters) == 1}


def _kind_noun(words: tuple[str, ...], data: NameData) -> str | None:
    """Return the word of a name that states its kind: "bridge", "university"; not "group", which is ambiguous."""
    is_kind = words[-1] in data.organisation_nouns and words[-1] not in data.company_suffixes
    if is_kind or data.evidence.last_words.get(words[-1]) == "FAC":
        return words[-1]
    is_of = words[1] in data.evidence.of_words and words[0] in data.evidence.of_heads
    return words[0] if is_of else None
