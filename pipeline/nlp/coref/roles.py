"""Roles of persons in the text: titles, roles next to a name, and nouns that refer to the bearer of a role."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.ner.spans import Name
from newslake.pipeline.nlp.ner.types import has_age
from newslake.pipeline.nlp.tokens import SUBJECTS, Tokens, head_of

_NOUN_TAGS = frozenset(
    {"NN", "NNS", "NNP", "NNPS", "JJ", "JJR", "JJS", "HYPH", "IN", "DT", "CD", "VBG", "VBN", "CC", "FW"}
)
_CLAUSES = frozenset({"acl", "advcl", "relcl", "ccomp", "xcomp", "pcomp", "ROOT"})  # of participles that are verbs
_FINITE = (["VBD"], ["VBZ"], ["VBP"], ["MD"])
_LONGEST = 24  # tokens of a role


def title_of(tokens: Tokens, name: Name) -> str | None:
    """Return the title before a name, as written."""
    return None if name.title is None else tokens.span(name.title, name.first - 1)


def role_of(tokens: Tokens, name: Name, data: NameData, name_at: Mapping[int, Name]) -> tuple[int, int] | None:
    """Return the first and last token of the role that the text gives this mention of a person.

    ``name_at`` has all names of the article by token. A role ends with the names of things in it, and never contains
    what follows the name of another person.
    The role is before the name ("its chief engineer Ana Brito"), in apposition after it, under a verb that gives roles,
    or the title. A noun is a role if it is listed as one, or if it can only be a role next to a person's name.
    """
    start = name.first if name.title is None else name.title
    nouns = frozenset(_adjacent_nouns(tokens, name, data))
    before = _role_before(tokens, name, start, nouns, data)
    if before is not None:
        return before
    after = _role_after(tokens, name, nouns, data) or _role_in_clause(tokens, name, data)
    after = None if after is None else _within_names(tokens, after, name_at, data)
    if after is not None:
        return after
    return _title_role(tokens, name, data) or _shared_role(tokens, name, name_at, data)


def _title_role(tokens: Tokens, name: Name, data: NameData) -> tuple[int, int] | None:
    """Return the title as a role, without the honorifics at its end: "Prime Minister (Sir Tom Hale)"."""
    first, last = _with_office(tokens, name, data), name.first - 1
    words = {index: tokens.bare[index] for index in range(first, name.first)}
    roles = [i for i, word in words.items() if word in data.roles or word in data.role_titles]
    if name.title is None or not roles:
        return None
    while last > roles[-1] and (words[last] in data.honorifics or not words[last]):
        last -= 1
    return first, last


def is_role(word: str, data: NameData) -> bool:
    """Return whether a noun in lower case is listed as a role."""
    return word in data.roles or word in data.occupations


def _within_names(
    tokens: Tokens, span: tuple[int, int], name_at: Mapping[int, Name], data: NameData
) -> tuple[int, int] | None:
    """Return a role after a name with the whole name at its end; it ends with the first person in it.

    None if the role is the title of the next person in a list ("Ana Brito, historian Tom Hale").
    """
    first, last = span
    role = next((i for i in range(first, last + 1) if is_role(tokens.lower[i], data)), first)
    for index in range(role + 1, last + 1):
        name = name_at.get(index)
        if name is not None and name.label == "PERSON":  # "sister of Tom Hale"
            is_inside = any(tokens.tag[i] in ("IN", "TO") for i in range(role, index))
            return (first, min(name.last, last)) if is_inside else None
    final = name_at.get(last)
    return first, last if final is None else final.last


def _adjacent_nouns(tokens: Tokens, name: Name, data: NameData) -> Iterator[int]:
    """Yield the common nouns attached to a name: "baker Ana Brito", "the baker, Ana Brito", "Ana Brito, a baker"."""
    head = head_of(tokens, name.first, name.last)
    joined = [*tokens.dependents(head, "appos"), *tokens.dependents(head, "compound")]
    before = tokens.head[head]
    is_person = tokens.lower[before].endswith(data.person_suffixes)  # not "of the campaign, Ana Brito"
    is_near = tokens.text[name.first - 1] == "," or before == name.first - 1
    if tokens.dep[head] == "appos" and is_near and is_person:
        joined.append(before)
    for noun in joined:
        is_number = tokens.tag[noun + 1 : noun + 2] == ["CD"] or tokens.dependents(
            noun, "nummod"
        )  # "age 8", "8 percent"
        if not is_number and _may_be_role(tokens, noun, data):
            yield noun


def _may_be_role(tokens: Tokens, noun: int, data: NameData) -> bool:
    """Return whether a common noun may be what a person is: no kind of thing, place or work."""
    word, evidence = tokens.lower[noun], data.evidence
    is_thing = word in data.organisation_nouns or word in evidence.firm_nouns or word in evidence.vessel_nouns
    is_place = word in evidence.place_nouns or word in data.work_nouns or word in data.company_nouns
    is_first = noun == 0 or tokens.sentence[noun - 1] != tokens.sentence[noun]
    is_written = word == tokens.text[noun] or (is_first and word.endswith(data.person_suffixes))
    is_noun = tokens.tag[noun] == "NN" or (is_first and tokens.tag[noun] == "NNP")
    return is_noun and is_written and word.replace("-", "").isalpha() and not (is_thing or is_place)


def _with_office(tokens: Tokens, name: Name, data: NameData) -> int:
    """Return the first token of a title with its office: "former Fisheries Minister Ana Brito"."""
    first = name.first if name.title is None else name.title
    while first > 0 and tokens.block[first - 1] == tokens.block[first]:
        before = first - 1
        is_office = tokens.is_capital[before] and tokens.dep[before] in ("compound", "amod", "nmod")
        if not is_office and tokens.lower[before] not in data.title_modifiers:
            break
        if not first <= tokens.head[before] <= name.last:
            break
        first = before
    is_compound = first > 1 and tokens.tag[first - 1] == "HYPH" and tokens.end[first - 2] == tokens.start[first] - 1
    return first - 2 if is_compound else first  # "left-wing"


def _role_before(tokens: Tokens, name: Name, start: int, nouns: Set[int], data: NameData) -> tuple[int, int] | None:
    """Return the noun phrase with a role that ends right before a name or before the comma in front of it.

    ``start`` is the first token of the name or of its title. "Named" may stand between ("a baker named Ana Brito").
    """
    last = start - 1
    if last > 0 and (tokens.text[last] == "," or _is_naming(tokens, last, data)):
        last -= 1
    first, role = _nominals_before(tokens, start, last, nouns, data)
    if first is None or role is None or tokens.tag[last] in ("IN", "CC", "DT", "VBG", "VBN"):
        return None
    if _names_another(tokens, role, last):
        return None
    while first < role and (tokens.tag[first] in ("IN", "DT", "CC", "HYPH") or _ends_phrase(tokens, first, role)):
        first += 1
    is_apart = last < start - 1 and _begins_sentence(tokens, name, first)
    if is_apart or (first == last and _is_name_part(tokens, first, data)):
        return None
    return first, next((i - 1 for i in range(role + 1, last) if _begins_adjunct(tokens, i, data)), last)


def _nominals_before(
    tokens: Tokens, start: int, last: int, nouns: Set[int], data: NameData
) -> tuple[int | None, int | None]:
    """Return the first token and the first role of the nouns, with prepositions, that end at ``last``."""
    first = role = None
    for index in range(last, max(last - _LONGEST, -1), -1):
        if not _is_nominal(tokens, index) or tokens.sentence[index] != tokens.sentence[start]:
            break
        if _precedes_role(tokens, index, role if last == start - 1 else None, data):
            break
        first = index
        is_noun = index == last or tokens.tag[index] != "JJ"  # not in "a major deal"
        role = index if index in nouns or (is_noun and is_role(tokens.lower[index], data)) else role
    return first, role


def _is_naming(tokens: Tokens, index: int, data: NameData) -> bool:
    """Return whether "named" joins a role to a name."""
    return tokens.lower[index] in data.naming_words and is_role(tokens.lower[index - 1], data)


def _begins_sentence(tokens: Tokens, name: Name, first: int) -> bool:
    """Return whether a name after a comma is the subject after a prepositional phrase: "Like his son, Hale left"."""
    if first < 2 or tokens.tag[first - 1] != "PRP$" or tokens.tag[first - 2] not in ("IN", "TO"):
        return False
    head, after = head_of(tokens, name.first, name.last), name.last + 1
    is_subject = tokens.dep[head] in SUBJECTS and tokens.text[after : after + 1] != [","]
    return is_subject or tokens.tag[after : after + 1] in _FINITE


def _is_name_part(tokens: Tokens, index: int, data: NameData) -> bool:
    """Return whether a noun for a relative has a capital within a sentence, as in the Korean name "Son Min-ji"."""
    is_relative = tokens.lower[index] in data.evidence.person_things and tokens.is_capital[index]
    return is_relative and index > 0 and tokens.sentence[index - 1] == tokens.sentence[index]


def _shared_role(tokens: Tokens, name: Name, name_at: Mapping[int, Name], data: NameData) -> tuple[int, int] | None:
    """Return the plural role before the first of several names: "the chemists Ana Brito and Tom Hale"."""
    head = head_of(tokens, name.first, name.last)
    after = name_at.get(name.last + 2) if tokens.tag[name.last + 1 : name.last + 2] == ["CC"] else None
    is_joined = tokens.dep[head] == "conj" or bool(tokens.dependents(head, "conj")) or after is not None
    while tokens.dep[head] == "conj" and head in name_at:
        head = tokens.head[head]
    first = name_at.get(head)
    if not is_joined or first is None or first.label != "PERSON":
        return None
    start = first.first if first.title is None else first.title
    noun = start - 2 if start > 1 and tokens.text[start - 1] == "," else start - 1
    if noun < 0 or tokens.tag[noun] not in ("NNS", "NNPS") or not is_role(tokens.lemma[noun].lower(), data):
        return None
    return _role_before(tokens, first, start, frozenset({noun}), data)


def _precedes_role(tokens: Tokens, index: int, role: int | None, data: NameData) -> bool:
    """Return whether a word is before a role and no part of it: "the", "and", "sister of (councillor Tom Hale)".

    ``role`` is the noun so far, if the name follows without a comma.
    """
    before = tokens.tag[index - 1]
    if tokens.tag[index] in ("DT", "CC"):
        return before != "IN" and not _joins_roles(tokens, index, data)
    is_listed = role is not None and is_role(tokens.lower[role], data)
    return is_listed and tokens.tag[index] == "IN" and before != "HYPH"


def _joins_roles(tokens: Tokens, index: int, data: NameData) -> bool:
    """Return whether "and" joins two roles of one person: "writer and teacher Brito"; not "the mayor and writer"."""
    roles = (index - 1, index + 1)
    is_article = index > 1 and tokens.tag[index - 2] == "DT"
    return tokens.tag[index] == "CC" and not is_article and all(is_role(tokens.lower[i], data) for i in roles)


def _names_another(tokens: Tokens, role: int, last: int) -> bool:
    """Return whether the bearer of a role follows it: "the actor Tom Hale, ..."."""
    rest = range(role + 1, last + 1)
    return tokens.tag[last] == "NNP" and not any(tokens.tag[index] in ("IN", "POS") for index in rest) and bool(rest)


def _ends_phrase(tokens: Tokens, first: int, role: int) -> bool:
    return any(tokens.tag[index] in ("IN", "DT", "CC") for index in range(first, role))


def _role_after(tokens: Tokens, name: Name, nouns: Set[int], data: NameData) -> tuple[int, int] | None:
    """Return the role in apposition: "Ana Brito QC, 61, the chief engineer of the bridge"."""
    comma = name.last + 1
    while comma + 1 < len(tokens) and tokens.lower[comma].replace(".", "") in data.post_nominals:
        comma += 1
    if has_age(tokens, replace(name, last=comma - 1)):
        comma += 2
    if comma + 1 >= len(tokens) or tokens.text[comma] != ",":
        return None
    phrase = _phrase_from(tokens, comma + 1, name, nouns, data)
    if phrase is None:
        return None
    after = phrase[1] + 1
    is_subject = tokens.tag[after : after + 1] in _FINITE and tokens.dep[after] != "compound"  # "Brito, the mayor said"
    return None if is_subject else phrase


def _role_in_clause(tokens: Tokens, name: Name, data: NameData) -> tuple[int, int] | None:
    """Return the role that a verb gives: "Brito, who is the mayor of Varnholt", "Brito was appointed treasurer"."""
    head = head_of(tokens, name.first, name.last)
    verbs = [verb for verb in tokens.dependents(head, "relcl") if _has_who(tokens, verb)]
    if tokens.dep[head] in SUBJECTS:
        verbs.append(tokens.head[head])
    for verb in verbs:
        if (
            tokens.lemma[verb] not in data.role_verbs
            or tokens.dependents(verb, "neg")
            or _is_unreal(tokens, verb, data)
        ):
            continue
        for noun in (*tokens.dependents(verb, "attr", "oprd"), *_as_objects(tokens, verb)):
            if tokens.tag[noun] in ("NN", "NNP") and is_role(tokens.lower[noun], data):
                return _phrase_from(tokens, tokens.left_edge(noun), name, frozenset({noun}), data)
    return None


def _has_who(tokens: Tokens, verb: int) -> bool:
    return any(tokens.tag[child] == "WP" for child in tokens.dependents(verb, *SUBJECTS))


def _is_unreal(tokens: Tokens, verb: int, data: NameData) -> bool:
    """Return whether the verb is an infinitive, has a modal or a condition: "wants to be", "may become", "if he is"."""
    is_condition = any(tokens.lower[child] in data.condition_words for child in tokens.dependents(verb, "mark"))
    return is_condition or any(tokens.tag[child] in ("MD", "TO") for child in tokens.dependents(verb, "aux"))


def _as_objects(tokens: Tokens, verb: int) -> Iterator[int]:
    """Yield the nouns after "as": "serves as treasurer"."""
    for preposition in tokens.dependents(verb, "prep"):
        if tokens.lower[preposition] == "as":
            yield from tokens.dependents(preposition, "pobj")


def _phrase_from(tokens: Tokens, first: int, name: Name, nouns: Set[int], data: NameData) -> tuple[int, int] | None:
    """Return the noun phrase with a role that begins here, without its article or possessive.

    ``nouns`` are tokens that are roles here, whatever their usual meaning.
    """
    while first < len(tokens) and tokens.tag[first] in ("DT", "PRP$", "POS"):
        first += 1
    role = None
    last = first - 1
    for index in range(first, min(first + _LONGEST, len(tokens))):
        if not _is_inside(tokens, index, name) or (role is not None and _begins_adjunct(tokens, index, data)):
            break
        if role is None and tokens.tag[index] == "IN":
            return None
        if role is None and (index in nouns or is_role(tokens.lower[index], data)):
            role = index
            if tokens.is_capital[index] and _titles_next(tokens, index + 1, data):
                return None
        last = index
    while last > first and tokens.tag[last] in ("IN", "TO", "PRP$", "DT", "CC", "HYPH", "POS", "VBN", "VBG"):
        last -= 1
    return (first, last) if role is not None else None


def _titles_next(tokens: Tokens, index: int, data: NameData) -> bool:
    """Return whether a name follows a role, which is its title in a list; "General Manager" is one role."""
    word = tokens.lower[index] if index < len(tokens) else ""
    return tokens.tag[index : index + 1] == ["NNP"] and word not in data.roles and word not in data.title_modifiers


def _is_inside(tokens: Tokens, index: int, name: Name) -> bool:
    """Return whether a token may continue the phrase of a role: no other phrase begins ("and a friend")."""
    is_same = tokens.sentence[index] == tokens.sentence[name.first] and tokens.block[index] == tokens.block[name.first]
    after = tokens.tag[index + 1] if index + 1 < len(tokens) else ""
    if not is_same or (tokens.tag[index] == "CC" and after in ("DT", "PRP$")) or "—" in tokens.text[index]:
        return False
    if tokens.tag[index] == "PRP$":
        return tokens.tag[index - 1] in ("IN", "TO", "CC")
    return tokens.tag[index] in ("POS", "TO") or _is_nominal(tokens, index)


def _is_nominal(tokens: Tokens, index: int) -> bool:
    """Return whether a token may be part of a noun phrase with prepositions: no participle of a clause."""
    tag, dep = tokens.tag[index], tokens.dep[index]
    if tag == "RB":  # "politically active"
        return dep == "advmod" and tokens.tag[index + 1 : index + 2] == ["JJ"] and tokens.head[index] == index + 1
    return (tag in _NOUN_TAGS and not (tag in ("VBN", "VBG") and dep in _CLAUSES)) or dep == "compound"


def _begins_adjunct(tokens: Tokens, index: int, data: NameData) -> bool:
    """Return whether a phrase of time or manner begins: "chair since 2009", "chair in May", "poet with a knack"."""
    if tokens.tag[index] not in ("IN", "TO") or index + 2 >= len(tokens):
        return False
    word, after = tokens.lower[index], tokens.lower[index + 1]
    if word in data.adjunct_prepositions or tokens.tag[index + 1].startswith("VB"):
        return True
    is_time = tokens.tag[index + 1] == "CD" or after in data.months_and_days
    is_time = is_time or (after in data.articles and tokens.lower[index + 2] in data.time_nouns)
    return is_time or (word in data.manner_prepositions and after in data.indefinite)


def role_key(tokens: Tokens, span: tuple[int, int], data: NameData) -> tuple[str, ...] | None:
    """Return the noun with which a later "the ..." refers to the bearer: role noun with the title words before it."""
    first, last = span
    for index in range(first, last + 1):
        if tokens.lower[index] in data.roles and (index == last or tokens.lower[index + 1] not in data.roles):
            begin = index
            while begin > first and tokens.lower[begin - 1] in data.title_modifiers:
                begin -= 1
            return tuple(tokens.lower[begin : index + 1])
    return None


def title_keys(tokens: Tokens, name: Name, data: NameData) -> Iterator[tuple[str, ...]]:
    """Yield the nouns with which a later "the ..." refers to the bearer of a title: "the doctor" after "Dr Brito"."""
    start = name.first if name.title is None else name.title
    if name.after_honorific and start == name.first and start > 0:
        start -= 1
    for index in range(start, name.first):
        yield from ((noun,) for noun in data.title_nouns.get(tokens.lower[index].rstrip("."), ()))


def role_nouns(
    tokens: Tokens, bearers: Mapping[tuple[str, ...], int], data: NameData
) -> Iterator[tuple[int, int, int]]:
    """Yield (first token, last token, cluster) of each "the <role>" whose role the text gave to exactly one bearer.

    ``bearers`` maps the roles of one person, and the kind noun of one organisation ("the museum"), to its cluster. The
    first token is the role's, without the article.
    """
    heads: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for key in bearers:
        heads[key[0]].append(key)
    for index in [index for index, word in enumerate(tokens.lower) if word in heads and index]:
        for key in heads[tokens.lower[index]]:
            last = index + len(key) - 1
            if tokens.lower[index - 1] in data.definite and tuple(tokens.lower[index : last + 1]) == key:
                after = last + 1 if last + 1 < len(tokens) else last
                is_whole = tokens.lower[after] != "of" and tokens.tag[after] not in ("NNP", "NN", "NNS")
                if is_whole and not tokens.dependents(last, "appos"):  # "the vicar, the Rev Tom Roy"
                    yield index, last, bearers[key]
