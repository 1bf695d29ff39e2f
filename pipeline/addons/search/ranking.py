"""One order of rank for the matches of several months: bm25 with the frequencies of words in all of them.

FTS5's own bm25 counts within its table, and each month is a table. So a word that is rare in one month would rank the
articles of that month higher. Here each form of each term is scored alone, and its weight by FTS5, for its frequency
in the month, is replaced by the weight for its frequency in all months. The forms of a word have one weight, as if they
were one word. Only the average length of an article remains that of the month.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from newslake.pipeline.addons.search.index import words_table
from newslake.pipeline.addons.search.syntax import Forms, SearchTerms
from newslake.pipeline.sqlite import Database

_TITLE_WEIGHT = 5.0
_LEAST_WEIGHT = 1e-6  # FTS5's, for a word that most articles have


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How many articles of each month have each pattern, and how many articles there are; garbage is counted too.

    ``forms`` are those that any of the months has, and the words themselves.
    """

    articles: Mapping[str, int]
    matches: Mapping[tuple[str, str], int]  # by month and pattern
    forms: Forms

    def weight(self, pattern: str, months: Sequence[str]) -> float:
        """Return the inverse document frequency of a pattern in some months, as FTS5 computes it."""
        matches = sum(self.matches[month, pattern] for month in months)
        weight = log((sum(self.articles[month] for month in months) - matches + 0.5) / (matches + 0.5))
        return weight if weight > 0 else _LEAST_WEIGHT


def count_frequencies(connection: Database, terms: SearchTerms, forms: Forms, months: Sequence[str]) -> Frequencies:
    """Count the articles of some months with each form of the terms of a search."""
    articles, matches = dict[str, int](), dict[tuple[str, str], int]()

    def count(month: str, pattern: str) -> int:
        words = words_table(month)
        if (month, pattern) not in matches:
            query = f"SELECT count(*) FROM {words} WHERE {words} MATCH ?"  # noqa: S608 - constants
            (matches[month, pattern],) = connection.execute(query, (pattern,)).fetchone()
        return matches[month, pattern]

    for month in months:
        query = f"SELECT count(*) FROM {words_table(month)}_docsize"  # noqa: S608 - constants
        (articles[month],) = connection.execute(query).fetchone()
    present = {
        word: (word, *(form for form in each[1:] if any(count(month, f'"{form}"') for month in months)))
        for word, each in forms.items()
    }
    for term in (term for group in terms.wanted for term in group):
        patterns = term.patterns(present)
        for month in months:
            for pattern in {*patterns, " OR ".join(patterns)}:
                count(month, pattern)
    return Frequencies(articles, matches, present)


def score_query(terms: SearchTerms, frequencies: Frequencies, month: str) -> tuple[str, dict[str, object]]:
    """Return a query for the ``number`` and ``part`` of scores of the articles in ``chosen``, and its parameters.

    The sum of the parts of an article is its rank, which is lower for a better match. Forms of a word score only in
    articles with ``has_forms``.
    """
    words, months = words_table(month), list(frequencies.articles)
    parts, parameters = list[str](), dict[str, object]()
    for term in (term for group in terms.wanted for term in group):
        patterns = term.patterns(frequencies.forms)
        weight = frequencies.weight(" OR ".join(patterns), months)
        for pattern in patterns:
            with_forms = " WHERE has_forms" if pattern not in term.patterns({}) else ""
            if not frequencies.matches[month, pattern]:
                continue
            number = len(parts)
            parameters |= {
                f"pattern{number}": pattern,
                f"weight{number}": weight / frequencies.weight(pattern, [month]),
            }
            parts.append(
                f"SELECT rowid AS number, :weight{number} * bm25({words}, {_TITLE_WEIGHT}, 1.0) AS part FROM {words} "  # noqa: S608
                f"WHERE {words} MATCH :pattern{number} AND +rowid IN (SELECT number FROM chosen{with_forms})"
            )
    return " UNION ALL ".join(parts), parameters
