"""A simulated disk with a write-back cache: which files may be there after power loss, from the calls of a process.

What ``fsync`` of a file has made durable are its bytes; what ``fsync`` of a folder has made durable are its names.
Everything later may be there or not, in any combination: of a file's later bytes any page or part of one, of a folder's
later names any. A rename or an exchange is there as a whole or not at all. This is stricter than most file systems.
"""

import hashlib
import os
import random
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path

_PAGE, _SECTOR = 4096, 512
ROOT = 0  # the node of the root folder


@dataclass(frozen=True, slots=True)
class Naming:
    """Names that change in one step. ``synced_by`` are the folders whose syncs, all of them, make them durable.

    Each name is (folder, name, node, is_there): a name goes only from the node that it leads to.
    """

    synced_by: tuple[int, ...]
    names: tuple[tuple[int, str, int, bool], ...]
    about: str


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes of a file; without ``data`` its new size, which is ``offset``."""

    node: int
    offset: int
    data: bytes | None

    @property
    def end(self) -> int:
        return self.offset + len(self.data or b"")


@dataclass(frozen=True, slots=True)
class Sync:
    """The end of a sync of a node, or of all. It covers the steps before ``began``: later ones may have missed it."""

    node: int | None
    began: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What the process has reported, such as "committed": from now on it must be there."""

    text: str


Step = Naming | Write | Sync | Mark
Tree = Mapping[str, "File"]


@dataclass(frozen=True, slots=True)
class File:
    """The content of a file, and its digest. Names with the same node are hard links of one file."""

    node: int
    data: bytes
    digest: bytes


@dataclass(frozen=True)
class Loss:
    """Which steps that are not durable survive a crash: ``names`` by their position in the recording, ``data`` how.

    ``data`` is "none", "all", "sizes" (long enough, but zeros), "old sizes" (overwritten, not longer), or "random".
    """

    title: str
    names: str
    data: str
    seed: str = ""

    def choose(self, pending: Sequence[int]) -> frozenset[int]:
        """Return which of the names that are not durable survive."""
        chance = random.Random(f"{self.seed} names")
        if self.names == "random":
            share = chance.choice((0.1, 0.5, 0.9))
            return frozenset(each for each in pending if chance.random() < share)
        if self.names == "all but one" and pending:
            return frozenset(pending) - {chance.choice(pending)}
        return frozenset({"none": [], "last": pending[-1:]}.get(self.names, pending))


ADVERSE = (
    Loss("nothing that was not synced", "none", "none"),
    Loss("names without data", "all", "none"),
    Loss("names and sizes, data zero", "all", "sizes"),
    Loss("data without names", "none", "all"),
    Loss("the last name alone", "last", "none"),
    Loss("the last name and its data", "last", "all"),
    Loss("data without new sizes", "all", "old sizes"),
    Loss("everything", "all", "all"),
)


def random_losses(seed: int, count: int) -> Iterator[Loss]:
    """Yield random losses; in every third one name alone is missing."""
    for number in range(count):
        names = "all but one" if number % 3 == 2 else "random"
        yield Loss(f"random {seed} {number}", names, "random", f"{seed} {number}")


@dataclass
class Recording:
    """The steps of a process below one folder, and the files before them, which are durable."""

    names: dict[int, dict[str, int]] = field(default_factory=lambda: {ROOT: {}})
    contents: dict[int, bytes] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @cached_property
    def durable_at(self) -> list[float]:
        """For each step the position of the last sync that it needs to be durable; infinite without one."""
        durable = [float("inf")] * len(self.steps)
        open_steps: defaultdict[int, list[int]] = defaultdict(list)
        missing = [0] * len(self.steps)
        for at, step in enumerate(self.steps):
            if isinstance(step, Sync):
                for node in list(open_steps) if step.node is None else [step.node]:
                    for each in open_steps[node]:
                        missing[each] -= each < step.began
                        if not missing[each]:
                            durable[each] = at
                    open_steps[node] = [each for each in open_steps[node] if each >= step.began]
                continue
            nodes = step.synced_by if isinstance(step, Naming) else (step.node,) if isinstance(step, Write) else ()
            missing[at] = len(nodes)
            for node in nodes:
                open_steps[node].append(at)
        return durable

    @cached_property
    def _writes(self) -> Mapping[int, list[int]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        for at, step in enumerate(self.steps):
            if isinstance(step, Write):
                found[step.node].append(at)
        return found

    @cached_property
    def _namings(self) -> list[int]:
        return [at for at, step in enumerate(self.steps) if isinstance(step, Naming)]

    def marks(self, end: int | None = None) -> list[str]:
        """Return what the process had reported before a step."""
        return [step.text for step in self.steps[:end] if isinstance(step, Mark)]

    def crash(self, end: int, loss: Loss) -> Tree:
        """Return the files after a crash before step ``end``, by path; the path of a folder ends with a slash."""
        names = self._names_after(end, loss)
        tree: dict[str, File] = {}
        read: dict[int, File] = {}
        stack = [(ROOT, "")]
        while stack:
            folder, path = stack.pop()
            for name, node in names.get(folder, {}).items():
                if node in self.names:
                    stack.append((node, f"{path}{name}/"))
                    tree[f"{path}{name}/"] = _FOLDER
                else:
                    if node not in read:
                        read[node] = self._file(node, end, loss)
                    tree[f"{path}{name}"] = read[node]
        return tree

    def live(self, end: int | None = None) -> Tree:
        """Return the files as the process saw them before a step; after its last one by default."""
        return self.crash(len(self.steps) if end is None else end, ADVERSE[-1])

    def _names_after(self, end: int, loss: Loss) -> dict[int, dict[str, int]]:
        before = self._namings[: bisect_left(self._namings, end)]
        chosen = loss.choose([at for at in before if self.durable_at[at] >= end])
        found = {folder: dict(names) for folder, names in self._first_names.items()}
        for at in before:
            if self.durable_at[at] < end or at in chosen:
                apply(found, self.steps[at])
        return found

    @cached_property
    def _first_names(self) -> dict[int, dict[str, int]]:
        return {folder: dict(names) for folder, names in self.names.items()}

    def _file(self, node: int, end: int, loss: Loss) -> File:
        writes = self._writes.get(node, [])
        before = writes[: bisect_left(writes, end)]
        count = sum(self.durable_at[at] < end for at in before)  # those that are durable come first
        how = loss.data if count < len(before) else "none"
        if how == "random":
            pending = [self.steps[at] for at in before[count:]]
            return _file(node, damaged(self._after(node, count).data, pending, loss))
        key = node, count, len(before), how
        if key not in self._files:
            pending = [self.steps[at] for at in before[count:]]
            self._files[key] = _file(node, damaged(self._after(node, count).data, pending, loss))
        return self._files[key]

    def _after(self, node: int, count: int) -> File:
        """Return a file after its first writes."""
        key = node, count, count, "none"
        if key not in self._files:
            content = bytearray(self.contents.get(node, b""))
            for at in self._writes.get(node, [])[:count]:
                write_into(content, self.steps[at])
            self._files[key] = _file(node, bytes(content))
        return self._files[key]

    @cached_property
    def _files(self) -> dict[tuple[int, int, int, str], File]:
        return {}


_FOLDER = File(ROOT, b"", b"")


def _file(node: int, data: bytes) -> File:
    return File(node, data, hashlib.sha256(data).digest())


def apply(names: dict[int, dict[str, int]], step: Naming) -> None:
    """Change the names of folders."""
    for folder, name, node, is_there in step.names:
        entries = names.setdefault(folder, {})
        if is_there:
            entries[name] = node
        elif entries.get(name) == node:
            del entries[name]


def write_into(content: bytearray, step: Write) -> None:
    """Change the content of a file; a gap is zeros."""
    if len(content) < step.offset:
        content.extend(bytes(step.offset - len(content)))
    if step.data is None:
        del content[step.offset :]
    else:
        content[step.offset : step.end] = step.data


def damaged(durable: bytes, pending: Sequence[Write], loss: Loss) -> bytes:
    """Return what is left of a file whose last writes are not durable."""
    if loss.data == "none" or not pending:
        return durable
    if loss.data == "random":
        return _torn(durable, pending, random.Random(f"{loss.seed} {pending[0].node}"))
    content = bytearray(durable)
    for step in pending:
        _KEPT[loss.data](content, step)
    return bytes(content)


def _keep_size(content: bytearray, step: Write) -> None:
    size = step.end if step.data is None else max(step.end, len(content))
    write_into(content, Write(step.node, size, None))


def _keep_overwritten(content: bytearray, step: Write) -> None:
    if step.data is not None:
        kept = step.data[: max(0, len(content) - step.offset)]
        content[step.offset : step.offset + len(kept)] = kept


_KEPT = {"all": write_into, "sizes": _keep_size, "old sizes": _keep_overwritten}


def _torn(durable: bytes, pending: Sequence[Write], chance: random.Random) -> bytes:
    """Return a file with some of its pages as they were at some time, and one of its sizes; one page may be torn."""
    sizes = list(accumulate(pending, _size_after, initial=len(durable)))
    size_at = chance.choice((0, len(pending), chance.randint(0, len(pending))))
    share = chance.choice((0.0, 0.3, 0.7, 1.0))
    last_of: dict[int, int] = {}
    content = bytearray(durable)
    for number, step in enumerate(pending):
        if step.data is None:
            if number < size_at:
                del content[step.offset :]
            continue
        for at, part in _pages(step):
            page = at // _PAGE
            if page not in last_of:
                last_of[page] = chance.randint(number, len(pending)) if chance.random() < share else -1
            if number < last_of[page]:
                write_into(content, Write(step.node, at, part))
            elif number == last_of[page] and chance.random() < 0.5:  # torn
                write_into(content, Write(step.node, at, part[: chance.randrange(0, len(part) + 1, _SECTOR)]))
    write_into(content, Write(0, sizes[size_at], None))
    return bytes(content)


def _size_after(size: int, step: Write) -> int:
    return step.offset if step.data is None else max(size, step.end)


def _pages(step: Write) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of each part of a write that is in one page."""
    data, at = step.data or b"", step.offset
    while data:
        length = _PAGE - at % _PAGE
        yield at, data[:length]
        data, at = data[length:], at + length


def write_tree(tree: Tree, root: Path) -> None:
    """Write the files into a new folder, with their hard links."""
    written: dict[int, str] = {}
    root.mkdir()
    for path in sorted(tree):  # a folder comes before what is in it
        target, file = f"{root}/{path}", tree[path]
        if path.endswith("/"):
            os.mkdir(target)
        elif file.node in written:
            os.link(written[file.node], target)
        else:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT, 0o644)
            os.write(descriptor, file.data)
            os.close(descriptor)
            written[file.node] = target


def files_under(tree: Tree, *folders: str) -> dict[str, bytes]:
    """Return the bytes of the files below some folders, by path."""
    return {path: file.data for path, file in tree.items() if path.startswith(folders) and not path.endswith("/")}


def difference(one: Tree, root: Path, ignored: Iterable[str] = ("-shm",)) -> list[str]:
    """Return the paths in which a tree and a real folder differ; a self-check of the recording."""
    real = {
        path.relative_to(root).as_posix() + ("/" if path.is_dir() else ""): b"" if path.is_dir() else path.read_bytes()
        for path in root.rglob("*")
    }
    said = {path: file.data for path, file in one.items()}
    return sorted(
        path
        for path in real.keys() | said.keys()
        if real.get(path) != said.get(path) and not path.endswith(tuple(ignored))
    )
