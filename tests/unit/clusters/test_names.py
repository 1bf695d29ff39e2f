"""Which names may be one, and how many are shared."""

from pipeline.clusters.names import may_be_one, shared_count


def test_shared_names_are_counted_one_for_one_in_either_order() -> None:
    """A surname that fits two people is one of them, whoever is compared with whom."""
    some, others = ["John Smith", "Jane Smith", "Ada Quill"], ["Smith", "A. Quill"]
    assert shared_count(some, others, may_be_one) == shared_count(others, some, may_be_one) == 2
