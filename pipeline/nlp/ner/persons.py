"""Names with the label PERSON of the model or a pattern that are called like people but are things."""

from collections import defaultdict
from dataclasses import replace
from functools import cached_property

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.ner.spans import Name, small_words
from newslake.pipeline.nlp.ner.types import (
    acts_like_person,
    has_age,
    has_pronoun,
    has_who_clause,
    is_he,
    types_of_adjacent_nouns,
)
from newslake.pipeline.nlp.tokens import Tokens

_PROPER = frozenset({"NNP", "NNPS"})
_PLURALS = frozenset({"NNS", "NNPS"})
_NOUNS = frozenset({"NN", "NNS"})
_OPENING_MARKS = frozenset({"“", '"', "''", "``"})
_CLOSING_MARKS = frozenset({"”", '"', "''"})
_ENDS = frozenset({".", ",", ":"})
# Where a name neither does nor has anything; nobody says who that is.
_IDLE = frozenset({"pobj", "appos", "attr", "npadvmod"})
# A word with that number of mentions, of which no one shows a person, is a thing: people who are named again act.
_MANY = 3
# A name of which at most one in this number of mentions acts like a person is a thing ("Loam Desktop runs").
_SELDOM = 8
_SHORTEST_STEM = 4  # letters
_REPEATED = 2  # "Orbis says it will": "it" once may be something else


def drop_false_persons(
    tokens: Tokens, names: tuple[Name, ...], forms: list[str], data: NameData, kb: KnowledgeBase
) -> tuple[Name, ...]:
    """Return the names; a PERSON that the text shows to be something else gets the type that it shows.

    ``forms`` are the folded names. A thing of an unknown kind is a PRODUCT; a common word with a capital goes out. A
    full name stays a PERSON without evidence on either side; a single word has to be a subject, an object or an owner.
    """
    spellings: defaultdict[str, list[Name]] = defaultdict(list)
    for name, form in zip(names, forms, strict=True):
        if name.label == "PERSON":
            spellings[form].append(name)
    if not spellings:
        return names
    check = _PersonCheck(tokens, data, kb, spellings)
    wrong: dict[Name, str | None] = {}
    for form in sorted(spellings, key=_is_single):  # full names first: their parts are people too
        if check.is_false(form, spellings[form]):
            wrong |= dict.fromkeys(spellings[form], check.label_of(form, spellings[form]))
        else:
            check.keep(form, spellings[form])
    survivors = (name if name not in wrong else _relabel(name, wrong[name]) for name in names)
    return tuple(name for name in survivors if name is not None)


def _is_single(form: str) -> bool:
    return " " not in form


def _relabel(name: Name, label: str | None) -> Name | None:
    return replace(name, label=label) if label else None


class _PersonCheck:
    """An article's evidence for and against the persons among its names."""

    def __init__(self, tokens: Tokens, data: NameData, kb: KnowledgeBase, spellings: dict[str, list[Name]]) -> None:
        self._tokens, self._data, self._kb = tokens, data, kb
        self._it = frozenset(word for word, pronoun in data.pronouns.items() if pronoun.kind == "thing")
        named = [form for form in spellings if self._is_named_like_person(form)]
        self._parts = {word for form in named if " " in form for word in form.split()}
        self._surnames = {form.split()[-1] for form in spellings if " " in form}
        self._starts = {name.first for each in spellings.values() for name in each}
        self._ends = {name.last for form in named for name in spellings[form]}

    @cached_property
    def _small(self) -> frozenset[str]:
        return small_words(self._tokens)  # a pass over the article that few articles need

    def keep(self, form: str, names: list[Name]) -> None:
        """Note a full name that acts like a person's: its words are no things when they are alone."""
        if " " in form and any(
            self._shows_person(name) or self._speaks(name) or self._hints_at_person(name) for name in names
        ):
            self._parts.update(form.split())

    def is_false(self, form: str, names: list[Name]) -> bool:
        """Return whether a spelling is no person's: more mentions show a thing than a person."""
        is_titled = any(name.after_honorific or name.family is not None or name.title is not None for name in names)
        if is_titled or form in self._parts:
            return False
        shown = sum(map(self._shows_person, names))
        spoken = sum(self._speaks(name) for name in names)
        if self._is_typed(form, names, shown + spoken):
            return True
        if not shown and not spoken and self._is_idle(form, names):
            return True
        if self._is_named_like_person(form):
            return not shown and not spoken and self._is_borrowed(form, names)
        return self._is_thing(form, names, shown, spoken)

    def _is_idle(self, form: str, names: list[Name]) -> bool:
        """Return whether a single word never does or has anything: "the bridge to Orrin", "chains such as Zorbix"."""
        return " " not in form and not any(self._may_act(name) or self._hints_at_person(name) for name in names)

    def _may_act(self, name: Name) -> bool:
        """Return whether a name is a subject, object or owner, does what a passive says, or is trusted in."""
        tokens, last = self._tokens, name.last
        while tokens.dep[last] == "conj" and tokens.head[last] < last:
            last = tokens.head[last]
        head = tokens.head[last]
        is_trusted = tokens.lemma[tokens.head[head]] in self._data.evidence.stake_nouns
        return tokens.dep[last] not in _IDLE or tokens.dep[head] == "agent" or is_trusted

    def _is_thing(self, form: str, names: list[Name], shown: int, spoken: int) -> bool:
        """Return whether a spelling that does not look like a person's is a thing's."""
        if not shown and any(map(self._is_viewer, names)):
            return True
        is_code = _is_code(self._tokens.text[names[0].last])
        hints = 0 if is_code else sum(self._hints_at_person(name) for name in names)
        if not hints and len(names) >= _SELDOM * max(shown + spoken, 1):
            return True
        if shown or spoken:
            return not hints and sum(self._is_it(name) for name in names) >= _REPEATED * (shown + 1)
        is_never_shown = " " not in form and not hints and len(names) >= _MANY
        return is_never_shown or sum(self._shows_thing(name) for name in names) > hints

    def _is_typed(self, form: str, names: list[Name], persons: int) -> bool:
        """Return whether a family, the knowledge base or nouns next to the mentions give a spelling another type."""
        if all(self._is_family(name) for name in names) or any(self._is_initialism(name) for name in names):
            return True
        if not persons and self._kb.type_of(form) not in (None, "PERSON"):
            return True
        is_full = " " in form and form.partition(" ")[0] in self._data.forenames
        return not is_full and sum(bool(self._types_shown(name)) for name in names) > persons

    def _is_borrowed(self, form: str, names: list[Name]) -> bool:
        """Return whether a person's name is a thing's here: "the Bill", "the Eliza Jane", "in Jasper"."""
        borrowed = sum(self._is_the_thing(name) or self._is_common_word(name) for name in names)
        if borrowed == len(names) or (" " not in form and 2 * borrowed > len(names)):
            return True
        if " " in form:
            return all(self._is_title(name) or self._is_abbreviated(name) for name in names) or (
                all(map(self._is_at, names))
            )
        return any(self._is_where(name) for name in names)

    def label_of(self, form: str, names: list[Name]) -> str | None:
        """Return the type of a false person, None for a common word."""
        shown = [kind for name in names for kind in self._types_shown(name)]
        if any(self._is_initialism(name) or self._is_informed(name) or self._is_viewer(name) for name in names):
            return "ORG"
        if known := self._kb.type_of(form) or next(iter(shown), None):
            return known
        for label, is_shown in (
            ("GPE", self._is_where),
            ("LOC", self._is_at),
            ("NORP", self._is_family),
            ("WORK_OF_ART", self._is_title),
        ):
            if any(map(is_shown, names)):
                return label
        if any(map(self._speaks, names)):
            return "ORG"
        return None if all(map(self._is_common_word, names)) else "PRODUCT"

    def _is_named_like_person(self, form: str) -> bool:
        words = form.split()
        return words[0] in self._data.forenames or words[-1] in self._data.evidence.surnames

    def _shows_person(self, name: Name) -> bool:
        """Return whether a mention acts like a person, or has an age or a role."""
        tokens, data = self._tokens, self._data
        head = tokens.head[name.last]
        acts = acts_like_person(tokens, name, data) and not _is_code(tokens.text[name.last])
        if acts or has_who_clause(tokens, name) or has_age(tokens, name):
            return True
        if name.first and tokens.lower[name.first - 1] in data.roles:
            return True
        if tokens.dep[name.last] == "appos" and tokens.lower[head] in data.roles:
            return True
        return any(tokens.lower[noun] in data.roles for noun in tokens.dependents(name.last, "appos"))

    def _speaks(self, name: Name) -> bool:
        """Return whether a mention says something, as organisations do too."""
        tokens = self._tokens
        verb = tokens.lemma[tokens.head[name.last]]
        return tokens.dep[name.last] == "nsubj" and verb in self._data.evidence.speech_verbs

    def _is_it(self, name: Name) -> bool:
        """Return whether "it" follows a mention that is a subject."""
        tokens = self._tokens
        return tokens.dep[name.last] == "nsubj" and has_pronoun(tokens, name, self._it, self._starts)

    def _hints_at_person(self, name: Name) -> bool:
        """Return whether "he" or "she" follows a mention, or a person is next to it."""
        return is_he(self._tokens, name, self._data, self._starts) or self._is_joined_to_person(name)

    def _types_shown(self, name: Name) -> list[str]:
        """Return the types other than PERSON that a noun next to a mention shows ("the island of Orrin")."""
        return [shown for shown in types_of_adjacent_nouns(self._tokens, name, self._data) if shown != "PERSON"]

    def _is_joined_to_person(self, name: Name) -> bool:
        """Return whether a name is coordinated with one that looks like a person's."""
        tokens = self._tokens
        is_second = tokens.dep[name.last] == "conj" and tokens.head[name.last] in self._ends
        return is_second or not self._ends.isdisjoint(tokens.dependents(name.last, "conj"))

    def _shows_thing(self, name: Name) -> bool:
        tokens = self._tokens
        return (
            self._is_the_thing(name)
            or self._is_where(name)
            or self._is_common_word(name)
            or (name.length == 1 and tokens.tag[name.last] in _PLURALS)
            or (name.length > 1 and tokens.lower[name.last] in self._small)
            or (name.length == 1 and self._is_derived(tokens.lower[name.last]))
            or self._is_modifier(name)
            or self._is_title(name)
            or (name.length > 1 and self._kb.type_of(tokens.lower[name.first]) in ("ORG", "GPE"))
            or self._is_abbreviated(name)
            or self._is_informed(name)
            or _is_code(tokens.text[name.first])
            or _is_code(tokens.text[name.last].removesuffix("s"))
        )

    def _is_the_thing(self, name: Name) -> bool:
        """Return whether an article precedes a name that is no modifier ("the Eliza Jane", not "the Obama era"), or a
        name is an award's ("Oscar-winning").
        """
        tokens, after = self._tokens, name.last + 1
        if after + 1 < len(tokens) and tokens.text[after] == "-":
            return tokens.lower[after + 1] in self._data.evidence.award_participles
        before = name.first - 1
        before -= before > 0 and tokens.tag[before] == "CD"  # "the 1993 Orrins"
        is_the = before >= 0 and tokens.lower[before] in self._data.articles
        if tokens.dep[name.last] == "poss":
            return is_the and name.length == 1 and before == tokens.left_edge(name.last)
        return is_the and tokens.dep[name.last] not in ("compound", "nmod", "amod")

    def _is_abbreviated(self, name: Name) -> bool:
        """Return whether the initials of a name follow in brackets ("Orrin Message Board (OMB)")."""
        text, after = self._tokens.text, name.last + 1
        initials = "".join(word[0] for word in text[name.first : after])
        return name.length > 1 and text[after : after + 3] == ["(", initials, ")"]

    def _is_initialism(self, name: Name) -> bool:
        """Return whether a single word in brackets has the initials before it ("Orrin Board of Trade (Obot)")."""
        tokens, index = self._tokens, name.first - 2
        if name.length > 1 or tokens.text[name.first - 1 : name.last + 2 : 2] != ["(", ")"]:
            return False
        initials = tokens.lower[name.first]
        while initials and index >= 0 and tokens.sentence[index] == tokens.sentence[name.first]:
            word = tokens.lower[index]
            is_small = word in self._data.acronym_skips
            if word[0] == initials[-1] and (is_small or tokens.is_capital[index]):
                initials = initials[:-1]
            elif not is_small and word != ",":
                return False
            index -= 1
        return not initials and len(tokens.text[name.first]) > 2

    def _is_informed(self, name: Name) -> bool:
        """Return whether somebody informs a word that is no surname of what is said before or after.

        So newspapers are named; before "that" it may be a character of a film ("she informed Arun that").
        """
        tokens, last = self._tokens, name.last
        verb = tokens.head[last]
        is_object = name.length == 1 and tokens.dep[last] in ("dobj", "dative") and tokens.tag[verb] == "VBD"
        if not is_object or tokens.lower[last] in self._surnames:
            return False
        is_last = last + 1 == len(tokens) or tokens.text[last + 1] in _ENDS
        return is_last and tokens.lemma[verb] in self._data.evidence.telling_verbs

    def _is_viewer(self, name: Name) -> bool:
        """Return whether a word that is no surname has a document, as newspapers do: "a letter seen by Lantern"."""
        tokens, last = self._tokens, name.last
        by = tokens.head[last]
        if name.length > 1 or tokens.dep[by] != "agent" or tokens.lower[last] in self._surnames:
            return False
        verb = tokens.head[by]
        is_viewed = tokens.lemma[verb] in self._data.evidence.viewing_verbs
        return is_viewed and tokens.lower[tokens.head[verb]] in self._data.document_nouns

    def _is_derived(self, word: str) -> bool:
        """Return whether a word is derived from a person's surname ("Finchism")."""
        stems = (word[:size] for size in range(_SHORTEST_STEM, len(word) - 2))
        return not self._surnames.isdisjoint(stems)

    def _is_family(self, name: Name) -> bool:
        """Return whether "the" precedes a surname in the plural ("the Britos")."""
        tokens = self._tokens
        is_the = name.first > 0 and tokens.lower[name.first - 1] in self._data.definite
        word = tokens.lower[name.last]
        singulars = {word.removesuffix("s"), word.removesuffix("es")} - {word}
        if not is_the or name.length > 1:
            return False
        return any(each in self._parts or each in self._data.evidence.surnames for each in singulars)

    def _is_title(self, name: Name) -> bool:
        """Return whether double quotation marks enclose a name and nothing else: a film, an album, a word."""
        text, before, after = self._tokens.text, name.first - 1, name.last + 1
        if before < 0 or text[before] not in _OPENING_MARKS:
            return False
        ends = text[after : after + 2]
        return bool(ends) and (ends[0] in _CLOSING_MARKS or (ends[0] in (",", ".") and ends[-1] in _CLOSING_MARKS))

    def _is_where(self, name: Name) -> bool:
        """Return whether a preposition of place precedes a name that ends its phrase, or "of" after another person."""
        tokens, before, after = self._tokens, name.first - 1, name.last + 1
        if before > 0 and tokens.lower[before] in self._data.evidence.of_words and before - 1 in self._ends:
            return True
        if before < 0 or tokens.lower[before] not in self._data.evidence.place_prepositions:
            return False
        if tokens.lemma[tokens.head[before]] in self._data.evidence.stake_nouns:
            return False
        return after == len(tokens) or tokens.tag[after] not in ("NN", "NNS", "POS", "NNP")

    def _is_at(self, name: Name) -> bool:
        """Return whether a full name is a place here: "near Orrin Drive", "at 12 W. Finch", not "at Ana Brito"."""
        tokens, evidence, before, after = self._tokens, self._data.evidence, name.first - 1, name.last + 1
        is_address = before > 0 and tokens.tag[before] == "CD"
        before -= is_address
        if before < 0 or tokens.lower[before] not in self._data.place_prepositions:
            return False
        if not is_address and tokens.lower[before] in evidence.firm_prepositions:
            return False
        is_end = after == len(tokens) or tokens.tag[after] not in ("NN", "NNS", "POS", "NNP")
        return is_end and tokens.lemma[tokens.head[before]] not in evidence.stake_nouns

    def _is_common_word(self, name: Name) -> bool:
        """Return whether a single word is in lower case elsewhere, or no noun here ("she is Black")."""
        tokens, word = self._tokens, name.first
        is_adjective = tokens.tag[word] not in _PROPER | _NOUNS or tokens.dep[word] == "acomp"
        return name.length == 1 and (is_adjective or tokens.lower[word] in self._small)

    def _is_modifier(self, name: Name) -> bool:
        """Return whether a name modifies a noun: "the Docker image", "Chief Brand Officer", not "the Obama aide"."""
        tokens, data, head = self._tokens, self._data, self._tokens.head[name.last]
        if tokens.dep[name.last] not in ("compound", "amod", "nmod") or head <= name.last:
            return False
        noun = tokens.lower[head]
        if tokens.tag[head] not in _NOUNS:
            return noun in data.titles
        return noun not in data.roles and noun not in data.evidence.person_nouns


def _is_code(text: str) -> bool:
    """Return whether a word is an acronym or has a digit ("NBTA", "Py3k")."""
    letters = text.replace(".", "")
    if any(character.isdigit() for character in text):
        return True
    return len(letters) > 2 and letters.isalpha() and letters == text and text.isupper()
