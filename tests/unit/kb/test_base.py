"""The knowledge base: its data, its look-ups and the user's corrections."""

import re
from pathlib import Path

import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.kb import KbEntry, load_kb


def test_known_names_are_folded():
    """Case, article and full stops do not affect a look-up."""
    kb = load_kb()
    entry = KbEntry(name="United Kingdom", types=("GPE",), qid="Q145", country="GBR")
    assert [kb.lookup(name, "GPE") for name in ("UK", "the U.K.", "united kingdom")] == [entry] * 3


def test_type_must_match():
    """A person with a capital's name is not linked to the city."""
    kb = load_kb()
    assert (kb.lookup("Washington", "PERSON"), kb.lookup("Washington", "GPE").country) == (None, "USA")


def test_country_words():
    """Names, aliases and demonyms give the country's alpha-3 code, capitals that of their country."""
    kb = load_kb()
    words = ("France", "French", "Czechia", "Atlantis")
    assert [kb.country_of(word) for word in words] == ["FRA", "FRA", "CZE", None]
    assert kb.capital_country("Lima") == "PER"


def test_ids_are_well_formed():
    """Every entry has a well-formed QID or none, and an alpha-3 country or none."""
    entries = [entry for entries in load_kb().entries.values() for entry in entries]
    assert all(entry.qid is None or re.fullmatch(r"Q[1-9]\d*", entry.qid) for entry in entries)
    assert all(entry.country is None or re.fullmatch("[A-Z]{3}", entry.country) for entry in entries)


def test_one_id_one_name():
    """No QID belongs to two different entities."""
    named = {(entry.qid, entry.country) for es in load_kb().entries.values() for entry in es if entry.qid}
    assert len({qid for qid, _ in named}) == len(named)


def test_override_wins(tmp_path: Path):
    """A correction gives an id, forbids one, and changes the version."""
    path = tmp_path / "overrides.toml"
    path.write_text('[names."Jane Roe"]\nqid = "Q999999"\ngender = "F"\n[names."Google"]\nqid = ""\n')
    kb = load_kb(path)
    assert (kb.lookup("Jane Roe", "PERSON").qid, kb.lookup("Google", "ORG")) == ("Q999999", None)
    assert kb.override_of("jane roe").gender == "F"
    assert kb.version != load_kb().version


def test_narrower_correction_wins_key_by_key(tmp_path: Path):
    """Per key, an article's correction wins over its source's, and that over one for everywhere."""
    path = tmp_path / "overrides.toml"
    path.write_text(
        '[[names."Jane Roe"]]\narticle = "http://www.post.example/1?utm_source=x"\nqid = "Q3"\n'
        '[[names."Jane Roe"]]\nqid = "Q1"\ngender = "F"\n[[names."Jane Roe"]]\nsource = "post"\nqid = "Q2"\n'
    )
    kb, url = load_kb(path), "https://post.example/1"
    places = {
        "here": kb.for_article("a" * 32, url=url, source_key="post"),
        "source": kb.for_article("b" * 32, url=None, source_key="post"),
        "elsewhere": kb.for_article("b" * 32, url="file:///x", source_key="courier"),
        "nowhere": kb,
    }
    said = {place: each.override_of("Jane Roe") for place, each in places.items()}
    assert {place: each.qid for place, each in said.items()} == {
        "here": "Q3",
        "source": "Q2",
        "elsewhere": "Q1",
        "nowhere": "Q1",
    }
    assert {each.gender for each in said.values()} == {"F"}


def test_cities_have_coordinates():
    """A large city has coordinates; two of similar size are ambiguous; a city name that is also a word has no type."""
    kb = load_kb()
    osaka, paris = kb.city("Osaka"), kb.lookup("Paris", "GPE")
    assert (osaka.country, round(osaka.lat), round(osaka.lon)) == ("JPN", 35, 136)
    assert (round(paris.lat), round(paris.lon)) == (49, 2)
    assert (kb.city("Springfield"), kb.city("Birmingham", country="USA").country) == (None, "USA")
    assert [kb.type_of(name) for name in ("Shenzhen", "Reading", "Jackson", "Split")] == ["GPE", None, None, None]


def test_missing_overrides_file_corrects_nothing(tmp_path: Path):
    """A missing overrides file gives the same version as no file."""
    assert load_kb(tmp_path / "none.toml").version == load_kb(None).version


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ('[names."Jane Roe"]\nsex = "F"\n', 'names."Jane Roe".sex'),
        ('[names."Jane Roe"]\ngender = "female"\n', 'names."Jane Roe".gender'),
        ('[names]\n"Jane Roe" = "Q1"\n', 'names."Jane Roe"'),
        ("[people]\n", "people"),
        ('[[names."Jane Roe"]]\nsource = "post"\n[[names."Jane Roe"]]\nsource = "post"\n', 'names."Jane Roe"[1]'),
        ('[names."Jane Roe"]\nsource = "post"\narticle = "https://post.example/1"\n', 'names."Jane Roe"'),
        ('[names."Jane Roe"]\narticle = "page 3"\n', 'names."Jane Roe".article'),
        ('[names."Jane Roe"]\narticle = "https://"\n', 'names."Jane Roe".article'),
        ('[names."Jane Roe"]\nname = " "\n', 'names."Jane Roe".name'),
        ('[names."Jane Roe"]\nqid = 42\n', 'names."Jane Roe".qid'),
        ('[names."Jane Roe"]\n[names."JANE ROE"]\n', 'names."JANE ROE"'),
        ('[names.""]\nqid = "Q1"\n', 'names.""'),
    ],
)
def test_wrong_overrides_name_their_key(tmp_path: Path, content: str, key: str):
    """A wrong key or value stops with an error that names it."""
    path = tmp_path / "overrides.toml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=re.escape(key)) as caught:
        load_kb(path)
    assert caught.value.key == key


def test_broken_toml_names_its_file(tmp_path: Path):
    """A file that is not TOML stops with an error that names the file."""
    path = tmp_path / "overrides.toml"
    path.write_text("[names\n")
    with pytest.raises(ConfigError, match=re.escape(str(path))):
        load_kb(path)
