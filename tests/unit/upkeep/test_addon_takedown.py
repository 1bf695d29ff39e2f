"""What add-ons do in a takedown: their order, their counts and sentences, and errors, which stop nothing else."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError, LakeError, StoreError
from newslake.pipeline.hooks import TakedownPart
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.addon_takedown import check_reach, out_of_reach
from newslake.pipeline.upkeep.maintenance import repair
from newslake.pipeline.upkeep.takedown import TakedownResult, TakedownTarget, forget, preview_takedown
from tests.unit.upkeep.rival_addon import RIVAL, Rival

TARGET = TakedownTarget(kind="article", value="https://harbour.example/lanterns")
LINE = "letters of the mayor may name it; burn them"


@pytest.fixture
def space(tmp_path: Path, rival: Rival) -> Workspace:
    """A new data root with one add-on, the rival."""
    (tmp_path / "sources.toml").touch()
    settings = Settings.load(
        data_dir=tmp_path, sources_file=tmp_path / "sources.toml", durability="process", addons=RIVAL
    )
    return Workspace(settings)


def forget_target(space: Workspace) -> TakedownResult:
    return forget(space, TARGET, reason=None, report_progress=lambda _: None)


def failing(error: Exception) -> Callable[..., Any]:
    """Return a function that raises an error."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_addon_is_called_in_both_phases(space: Workspace, rival: Rival) -> None:
    """It gets the plan, and the lease that is held; its counts, lines and sentences are those of the result."""
    phases = []

    def erase(plan: Any, lease: Any, phase: str, workspace: Workspace) -> TakedownPart:
        lease.check()
        phases.append((phase, workspace is space, plan.page_keys))
        return TakedownPart(changed=2, line=f"2 letters cleared in {phase}", remaining=(LINE,))

    rival.install(on_takedown=erase, preview_takedown=lambda **_: TakedownPart(remaining=(LINE,)))
    assert preview_takedown(space, TARGET).remaining == (LINE,)
    assert phases == []
    done = forget_target(space)
    assert phases == [(phase, True, {TARGET.value}) for phase in ("rows", "state")]
    assert (done.parts, done.is_here, done.remaining) == ({RIVAL: 4}, True, (LINE,))
    assert done.part_lines == ("2 letters cleared in rows", "2 letters cleared in state")
    assert [each.is_done for each in space.takedowns.all()] == [True]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no stamps"),
        OSError(28, "no stamps"),
        LakeError("no stamps"),
        StoreError("no stamps", reason="lease_lost"),  # of a lease of its own
    ],
    ids=lambda error: type(error).__name__,
)
def test_error_of_an_addon_leaves_the_takedown_open(space: Workspace, rival: Rival, error: Exception) -> None:
    """All else is erased, the error is named, and a repair finishes the takedown when the add-on works again."""
    rival.install(on_takedown=failing(error), preview_takedown=failing(error))
    assert "no stamps" in preview_takedown(space, TARGET).remaining[0]
    done = forget_target(space)
    sentences = set(done.unfinished)
    assert [f"add-on {RIVAL}: " in each and "no stamps" in each for each in sentences] == [True]
    assert [each.is_done for each in space.takedowns.all()] == [False]
    assert [f"takedown {done.takedown_id} is not finished" in each for each in repair(space)["takedowns"]] == [True]
    rival.install(on_takedown=lambda **_: TakedownPart(changed=1))
    assert repair(space)["takedowns"] == (f"finished takedown {done.takedown_id}",)
    assert [each.is_done for each in space.takedowns.all()] == [True]


def test_takedown_whose_addon_is_gone_stays_open(space: Workspace, rival: Rival) -> None:
    """A takedown that was killed is not finished without the add-on of a part that has articles."""
    rival.install(on_takedown=failing(KeyboardInterrupt()))
    letters = space.settings.data_dir / "rival/letters.sqlite"
    letters.parent.mkdir()
    letters.write_text("about the lanterns")
    with pytest.raises(KeyboardInterrupt):
        forget_target(space)
    bare = Workspace(space.settings.replace(addons="none"))
    [sentence] = repair(bare)["takedowns"]
    assert f"is not finished: {letters} may have data of articles" in sentence
    assert [each.is_done for each in bare.takedowns.all()] == [False]
    rival.install()
    assert ["finished takedown" in each for each in repair(space)["takedowns"]] == [True]


def test_state_in_services_needs_its_addon(space: Workspace, rival: Rival) -> None:
    """A state in the services of a store stops a takedown without its add-on, too."""
    states = SimpleNamespace(side_states=lambda: {RIVAL: None, "other": None})
    shared = Workspace(space.settings.replace(store="shared"))
    shared.__dict__["store"] = states
    [sentence] = out_of_reach(shared)
    assert "the state of add-on other, which may have" in sentence
    with pytest.raises(ConfigError, match="add other to NEWS_ADDONS"):
        check_reach(shared)
    bare = Workspace(shared.settings.replace(addons="none"))
    bare.__dict__["store"] = states
    assert len(out_of_reach(bare)) == 2


def test_lost_lease_stops_before_the_next_addon(
    space: Workspace, rival: Rival, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No add-on erases under a lease that another takedown may have."""
    calls = []

    def erase(phase: str, lease: Any, **_: object) -> None:
        calls.append(phase)
        monkeypatch.setattr(type(lease), "check", failing(StoreError("lost", reason="lease_lost")))

    rival.install(on_takedown=erase)
    with pytest.raises(StoreError, match="lost"):
        forget_target(space)
    assert calls == ["rows"]


def test_command_prints_lines_and_failures(space: Workspace, rival: Rival, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts of add-ons are in the line of the takedown; an add-on that cannot follow it makes the exit code 1."""
    for key, value in {"DATA_DIR": "data_dir", "SOURCES_FILE": "sources_file", "ADDONS": "addons"}.items():
        monkeypatch.setenv(f"NEWS_{key}", str(getattr(space.settings, value)))
    part = TakedownPart(changed=1, line="1 letter cleared", remaining=(LINE,))
    follow: list[Callable[..., Any]] = [lambda **_: None, failing(ValueError("no stamps"))]
    for code, after in enumerate(follow):
        rival.install(on_takedown=lambda phase, **_: part if phase == "rows" else None, after_takedown=after)
        done = CliRunner().invoke(app, ["forget", TARGET.value, "--yes"])
        words = " ".join(done.output.split())
        assert "0 rows of the log redacted, 0 inbox files cleared, 1 letter cleared" in words
        assert LINE in words
        assert (done.exit_code, "no stamps" in words) == (code, bool(code))
