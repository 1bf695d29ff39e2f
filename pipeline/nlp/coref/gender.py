"""Gender of a person by honorific, role and forename, and whether a name may be a person's."""

from collections.abc import Iterable

from newslake.pipeline.kb import KnowledgeBase, NameOverride
from newslake.pipeline.model.annotation import Gender, GenderMethod
from newslake.pipeline.nlp.coref.name_clusters import Cluster
from newslake.pipeline.nlp.languages.spec import NameData

_PERSON_GUESS_TYPES = frozenset({"ORG", "GPE"})
_NO_CORRECTION = NameOverride()


def gender_from_evidence(
    cluster: Cluster, roles: Iterable[tuple[str, ...]], data: NameData, kb: KnowledgeBase
) -> tuple[Gender | None, GenderMethod]:
    """Return the gender by honorific, role and forename, in this order. Pronouns are evaluated later."""
    if cluster.entity_type != "PERSON":
        return None, "none"
    if corrected := correction_of(cluster, kb).gender:
        return corrected, "none"
    if len(cluster.honorifics) == 1:
        return next(iter(cluster.honorifics)), "honorific"
    shown = {data.roles[word] for key in roles for word in key if data.roles.get(word)}
    if len(shown) == 1:
        return shown.pop(), "role"
    forename = _forename_gender(cluster.words, data)
    return forename, "forename" if forename else "none"


def correction_of(cluster: Cluster, kb: KnowledgeBase) -> NameOverride:
    """Return the override of an entity: that of its fullest form that has one."""
    if not kb.overrides:
        return _NO_CORRECTION
    return next(filter(None, map(kb.override_of, cluster.full_forms)), _NO_CORRECTION)


def _forename_gender(words: tuple[str, ...], data: NameData) -> Gender | None:
    """Return the gender that the forename shows; a common surname used alone shows none."""
    return None if len(words) == 1 and words[0] in data.ambiguous_forenames else data.forenames.get(words[0])


def person_likelihood(cluster: Cluster, data: NameData, kb: KnowledgeBase) -> str | None:
    """Return PERSON for a person, a guess for an unknown name that the model may have mislabelled, or None."""
    if cluster.entity_type == "PERSON":
        return "PERSON"
    words = cluster.words
    if cluster.entity_type not in _PERSON_GUESS_TYPES or len(words) > 3 or words[-1] in data.organisation_nouns:
        return None
    if words[-1] in data.company_suffixes or cluster.name.isupper() or kb.type_of(cluster.name):
        return None
    if words[0] in data.forenames:
        return "forename"
    kinds = (data.evidence.first_words.get(words[0]), data.evidence.last_words.get(words[-1]))
    return "guess" if len(words) == 1 or not any(kinds) else None
