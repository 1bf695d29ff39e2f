"""Print the shape of the code in pipeline/ and plugins/: `make shape`.

Lines of modules and functions, modules that are too small or too large, duplicate class names, names that are
participles. `tests/architecture/test_shape.py` checks the limits with the same functions.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

from tests.architecture.tree import Module, function_length, modules

SMALL, LARGE = 60, 600
MAY_BE_SMALL = re.compile(r"(^|/)__(init|main)__\.py$|^pipeline/cli/|^pipeline/nlp/languages/")
IRREGULAR = re.compile(
    "begun|bought|broken|brought|built|caught|chosen|cut|done|drawn|driven|felt|fallen|found|given|gone|grown|heard|held"
    "|hidden|kept|known|laid|led|left|lent|lost|made|meant|met|paid|put|read|said|seen|sent|set|shown|sold|spent|spoken|stood"
    "|sunk|sought|taken|taught|thought|told|torn|understood|won|worn|written"
)
# Nouns and adjectives of the field that end like a participle.
NO_PARTICIPLES = frozenset({"embed", "feed", "need", "seed", "speed", "shared", "typed"})


def main() -> None:
    """Print every figure."""
    print("\n".join(report(modules("pipeline", "plugins"))))


def report(sources: Iterable[Module]) -> Iterator[str]:
    """Yield the lines of the report."""
    sources = list(sources)
    lines = sorted(line_count(source) for source in sources)
    functions = sorted(function_lengths(sources))
    largest = max(sources, key=line_count)
    yield f"modules         {len(sources)}, lines {sum(lines)}, median {median(lines):g}"
    yield f"largest module  {largest.path}, {line_count(largest)} lines"
    yield f"functions       {len(functions)}, lines median {median(functions):g}, p90 {percentile(functions, 90)}"
    yield from _listed(f"modules under {SMALL} lines", _sizes(small_modules(sources)))
    yield from _listed(f"modules over {LARGE} lines", _sizes(large_modules(sources)))
    places = duplicate_classes(sources).items()
    yield from _listed(
        "class names in several places", (f"{name} ({len(paths)}): {', '.join(paths)}" for name, paths in places)
    )
    yield from _listed("names that are participles", (f"{name} in {path}" for name, path in participle_names(sources)))


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    items = list(items)
    yield f"{title}: {len(items)}"
    yield from (f"  {item}" for item in items)


def _sizes(sources: Iterable[Module]) -> Iterator[str]:
    return (f"{line_count(each):4} {each.path}" for each in sources)


def line_count(source: Module) -> int:
    """Return the lines of a module."""
    return len(source.source.splitlines())


def function_lengths(sources: Iterable[Module]) -> list[int]:
    """Return the lines of every function and method."""
    return [
        function_length(function)
        for source in sources
        for function in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    ]


def percentile(ordered: list[int], share: int) -> int:
    """Return the smallest value that at least ``share`` percent of the ordered values do not exceed."""
    return ordered[-(-len(ordered) * share // 100) - 1]


def small_modules(sources: Iterable[Module]) -> list[Module]:
    """Return the modules with few lines, smallest first, except package files, command-line modules and data."""
    small = [each for each in sources if line_count(each) < SMALL and not MAY_BE_SMALL.search(each.path)]
    return sorted(small, key=line_count)


def large_modules(sources: Iterable[Module]) -> list[Module]:
    """Return the modules with many lines."""
    return [each for each in sources if line_count(each) > LARGE]


def duplicate_classes(sources: Iterable[Module]) -> dict[str, list[str]]:
    """Return each class name that is defined more than once, with the paths of its modules.

    A leading underscore is ignored.
    """
    homes = defaultdict(list)
    for source in sources:
        for node in source.nodes(ast.ClassDef):
            homes[node.name.lstrip("_")].append(source.path)
    return {name: paths for name, paths in sorted(homes.items()) if len(paths) > 1}


def participle_names(sources: Iterable[Module]) -> list[tuple[str, str]]:
    """Return the modules and classes with names that end in a past participle, each with its path."""
    found = []
    for source in sources:
        names = [Path(source.path).stem, *(node.name for node in source.nodes(ast.ClassDef))]
        found += [(name, source.path) for name in names if is_participle(name)]
    return found


def is_participle(name: str) -> bool:
    """Return whether a name ends in a past participle."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name) or [""]
    last = words[-1].lower()
    return IRREGULAR.fullmatch(last) is not None or (
        last.endswith("ed") and len(last) > len("shed") and last not in NO_PARTICIPLES
    )


if __name__ == "__main__":
    main()
