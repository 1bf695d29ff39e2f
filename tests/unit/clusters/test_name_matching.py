"""Which names may be the same, and how many are shared."""

from newslake.pipeline.clusters.name_matching import NameIndex, may_be_one, shared_count


def test_shared_names_are_counted_one_for_one_in_either_order() -> None:
    """A surname that matches two people counts once, in either order."""
    some, others = ["John Smith", "Jane Smith", "Ada Quill"], ["Smith", "A. Quill"]
    assert shared_count(some, others, may_be_one) == shared_count(others, some, may_be_one) == 2


def test_index_misses_no_name_that_may_be_one() -> None:
    """The index finds every name that may be the same: initials, spellings, shorter and longer forms."""
    firsts, lasts = ("Jon", "John", "J.", "Ada", "Élodie", "Elodie"), ("Marlowe", "Marlow", "Quill-Brandt", "Quil", "")
    names = [f"{first} {last}".strip() for first in firsts for last in lasts]
    names += ["World Harvest Board", "WHB", "W.H.B.", "Harvest Board", "Konstantinovich", "Constantinovich", "!"]
    index = NameIndex(names)
    for name in names:
        assert {each for each in names if may_be_one(name, each)} <= index.near(name), name
