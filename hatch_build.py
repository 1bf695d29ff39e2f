"""The wheel's dependencies are requirements.in: one list, not two.

A line ``# [NAME] ...`` begins an extra of the wheel; ``# [NAME: OTHER, OTHER] ...`` is an extra that includes others.
The extra "all" includes all of them. UNLOCKED_EXTRAS are not in that list, nor in "all": a set-up with `make` does not
install them.
"""

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

_EXTRA = re.compile(r"# \[(?P<name>\w+)(?:: (?P<others>[\w, ]+))?\]")

UNLOCKED_EXTRAS = {"spark": ["pyspark>=4", "pandas>=2.2"]}  # 430 MB


class RequirementsHook(MetadataHookInterface):
    def update(self, metadata: dict[str, object]) -> None:
        base, extras = parse_requirements(Path(self.root, "requirements.in").read_text("utf-8"))
        metadata["dependencies"] = base
        metadata["optional-dependencies"] = {
            **extras,
            **UNLOCKED_EXTRAS,
            "all": [f"newslake[{','.join(sorted(extras))}]"],
        }


def parse_requirements(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the requirements of the base, and those of each extra."""
    base: list[str] = []
    extras: dict[str, list[str]] = {}
    section = base
    for line in text.splitlines():
        requirement = line.split("#")[0].strip()
        if heading := _EXTRA.match(line):
            others = heading["others"]
            section = [f"newslake[{others.replace(' ', '')}]"] if others else []
            extras[heading["name"]] = section
        elif requirement:
            section.append(requirement)
    return base, extras
