"""Constraints on pronouns: what one cannot refer to, whatever its features say, and those that refer to nothing."""

from collections.abc import Mapping
from itertools import takewhile

from newslake.pipeline.nlp.coref.pronoun_features import Anaphor, KnownMention, LastMention
from newslake.pipeline.nlp.coref.roles import is_role
from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.tokens import SUBJECTS, Tokens, governors_of


def is_excluded_antecedent(tokens: Tokens, anaphor: Anaphor, last: LastMention) -> bool:
    """Return whether pronoun and candidate are arguments of one verb, or a "he said" and a "he" in its clause."""
    if anaphor.sentence != last.sentence:
        return False
    if last.in_quote and not anaphor.in_quote and anaphor.place == "subject":
        return anaphor.governor in governors_of(tokens, last.token)
    if tokens.tag[anaphor.token] == "PRP$" or anaphor.pronoun.is_reflexive or last.place == "poss":
        return False
    if anaphor.place == "subject":
        return _is_infinitive(tokens, anaphor.governor) and tokens.head[anaphor.governor] == last.governor
    return anaphor.place in ("object", "pobj") and anaphor.governor == last.governor


def _is_infinitive(tokens: Tokens, verb: int) -> bool:
    """Return whether a verb is an infinitive whose subject is the object of the verb above: "saw him leave"."""
    is_bare = tokens.tag[verb] == "VB" and tokens.dep[verb] in ("ccomp", "xcomp")
    return is_bare and not any(tokens.tag[aux] == "MD" for aux in tokens.dependents(verb, "aux"))


def is_c_commanded(tokens: Tokens, anaphor: Anaphor, last: LastMention) -> bool:
    """Return whether a later name is in the clause whose subject is the pronoun: "he said that Brito left".

    A coordinated clause does not count: "he left and Brito followed".
    """
    if anaphor.place != "subject" or last.kind != "name":
        return False
    governors = (last.token, *governors_of(tokens, last.token))
    below = tuple(takewhile(lambda token: token != anaphor.governor, governors))
    return 0 < len(below) < len(governors) and tokens.dep[below[-1]] != "conj"


def is_pleonastic(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether "it" is pleonastic: "it is clear that", "it comes as", "it rained"."""
    if tokens.lower[index] != "it" or tokens.dep[index] == "expl":
        return tokens.dep[index] == "expl"
    verb = tokens.head[index]
    if tokens.dep[index] not in SUBJECTS:
        return False
    if tokens.lemma[verb] in data.empty_it_verbs:
        return True
    if tokens.lemma[verb] != "be":
        return False
    clauses = tokens.dependents(verb, "ccomp", "xcomp", "advcl", "csubj", "acl")
    predicates = tokens.dependents(verb, "acomp", "attr")
    nouns = any(tokens.lemma[p] in data.empty_it_nouns or tokens.dependents(p, "poss") for p in predicates)
    return bool(clauses) or nouns or any(tokens.dependents(p, "xcomp", "ccomp", "relcl") for p in predicates)


def is_bound(tokens: Tokens, data: NameData, index: int, known: Mapping[int, KnownMention]) -> bool:
    """Return whether "his" is in the phrase of an unnamed person: "a man in his forties", "a guard, who gave his name".

    Unless it is an age, the person is a subject or heads the sentence: not "he met a guard who knew his name".
    ``known`` has the resolved mentions by their first token.
    """
    if tokens.tag[index] != "PRP$":
        return False
    below = index
    for noun in governors_of(tokens, index):
        if tokens.tag[noun] == "NN" and noun not in known and _is_person_noun(tokens, data, noun, below):
            articles = tokens.dependents(noun, "det", "nummod")
            if tokens.dep[below] != "acl" and not any(tokens.lower[each] in data.indefinite for each in articles):
                return False
            is_subject = tokens.dep[noun] in (*SUBJECTS, "ROOT")
            is_clause = tokens.dep[below] in ("relcl", "acl") and not _has_other_subject(tokens, below)
            is_inside = tokens.dep[below] == "prep" and tokens.lower[below] in data.enclosing_prepositions
            return (is_subject and is_clause) or (is_inside and (is_subject or _is_age(tokens, data, index)))
        below = noun
    return False


def _is_person_noun(tokens: Tokens, data: NameData, noun: int, below: int) -> bool:
    """Return whether a noun is listed as a role, or is the "who" of the relative clause with the verb ``below``."""
    is_who = tokens.dep[below] == "relcl" and any(tokens.tag[i] == "WP" for i in tokens.dependents(below, "nsubj"))
    return is_who or is_role(tokens.lower[noun], data)


def _is_age(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a possessive owns a decade of life: "his 40s", "her early forties"."""
    noun = tokens.lower[tokens.head[index]]
    return noun in data.decades or (noun[:-1].isdigit() and noun[-1] == "s")


def _has_other_subject(tokens: Tokens, verb: int) -> bool:
    """Return whether a relative clause has a subject that is not "who"."""
    return any(tokens.tag[child] not in ("WP", "WDT") for child in tokens.dependents(verb, *SUBJECTS))
