"""Parts of a data root that add-ons write: recorded with their add-on, and named while no takedown reaches them."""

import json
from pathlib import Path

import pytest

from newslake.pipeline.errors import ConfigError, MissingStoreError
from newslake.pipeline.jobs.inventory import check_stores, give_up, missing_stores, note_stores, unreachable_parts
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.health import examine
from newslake.pipeline.upkeep.maintenance import repair
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget, preview_takedown
from tests.unit.upkeep.rival_addon import DRAFTS, LETTERS, RIVAL, Rival

TARGET = TakedownTarget(kind="article", value="https://harbour.example/lanterns")


def settings_of(root: Path, *, addons: str = "none") -> Settings:
    (root / "sources.toml").touch()
    return Settings.load(data_dir=root, sources_file=root / "sources.toml", durability="process", addons=addons)


@pytest.fixture
def root(tmp_path: Path, rival: Rival) -> Path:
    """A data root with the recorded parts of an add-on that is not installed any more."""
    for path in (LETTERS, f"{DRAFTS}/first.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("about the lanterns")
    note_stores(settings_of(tmp_path))
    rival.install(is_there=False)
    return tmp_path


def test_parts_are_recorded_with_their_addon(root: Path) -> None:
    """The inventory says which add-on has which part, also after the add-on is gone and others are noted."""
    records = {"addon": RIVAL, "has_articles": True}
    parts = {LETTERS: {**records, "is_lossy": False}, DRAFTS: {**records, "is_lossy": True}}
    assert json.loads((root / "inventory.json").read_bytes())["parts"] == parts
    (root / "kb.sqlite").write_bytes(b"content")
    note_stores(settings_of(root))
    content = json.loads((root / "inventory.json").read_bytes())
    assert (content["parts"], list(content["stores"])) == (parts, ["kb.sqlite"])


def test_takedown_stops_before_anything_if_it_does_not_reach_a_part(root: Path) -> None:
    """Preview and takedown name part, add-on and what to do; nothing is blocked or deleted. Repair and doctor say it,
    too."""
    space = Workspace(settings_of(root))
    for start in (
        lambda: preview_takedown(space, TARGET),
        lambda: forget(space, TARGET, reason=None, report_progress=lambda _: None),
    ):
        with pytest.raises(
            ConfigError, match=f"{DRAFTS}, .*{LETTERS} may have .* add-on {RIVAL} is not loaded"
        ) as error:
            start()
        assert f"; install add-on {RIVAL}, or delete {root / DRAFTS} and {root / LETTERS}*, then run" in str(
            error.value
        )
        assert f"`newslake lake repair --give-up {LETTERS}`" in str(error.value)
    assert space.takedowns.all() == ()
    [sentence] = unreachable_parts(space.settings)
    assert repair(space)["add-ons"] == (sentence,)
    [finding] = [each for each in examine(space) if each.name == "addon_data"]
    assert (finding.status, f"{finding.message}; {finding.action}") == ("fail", sentence)


def test_takedown_goes_on_without_deleted_parts(root: Path) -> None:
    """A part that is deleted still counts until it is given up, because its disk may not be mounted; a lossy one does
    not."""
    space = Workspace(settings_of(root))
    (root / LETTERS).unlink()
    (root / DRAFTS / "first.txt").unlink()
    with pytest.raises(ConfigError, match=f"^[^\n]*{LETTERS} is missing, and was there before[^\n]*$"):
        forget(space, TARGET, reason=None, report_progress=lambda _: None)
    assert list(missing_stores(space.settings)) == [LETTERS]
    with pytest.raises(MissingStoreError, match=f"--give-up {LETTERS}"):
        check_stores(space.settings)
    assert give_up(space.settings, [LETTERS]) == (f"goes on without {LETTERS}, which was lost",)
    assert forget(space, TARGET, reason=None, report_progress=lambda _: None).unfinished == ()


def test_sentence_says_why_an_addon_is_not_loaded(root: Path, rival: Rival) -> None:
    """An add-on that NEWS_ADDONS leaves out, one that erases nothing, and one that cannot be loaded."""
    rival.install()
    assert f"; add {RIVAL} to NEWS_ADDONS, or" in unreachable_parts(settings_of(root))[0]
    assert unreachable_parts(settings_of(root, addons=RIVAL)) == ()
    rival.install(lacks="on_takedown")
    assert f"because add-on {RIVAL} does not do it; install" in unreachable_parts(settings_of(root, addons=RIVAL))[0]
    rival.install(lacks="addon_info")
    [sentence] = unreachable_parts(settings_of(root, addons=RIVAL))
    assert "is not loaded (" in sentence
    assert "; correct that, or" in sentence
