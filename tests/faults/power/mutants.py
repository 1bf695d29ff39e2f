"""Planted bugs: copies of the package, each with one text replaced. The power-loss test must find every one."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import newslake

PACKAGE = Path(newslake.__file__).parent


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug in one file of the package, and the job that it spoils; ``is_quick`` if a test finds it in a moment."""

    name: str
    job: str
    file: str
    right: str
    wrong: str
    is_quick: bool = False

    def write(self, folder: Path) -> None:
        """Write the package with the bug; all other files are symbolic links."""
        shutil.copytree(PACKAGE, folder / PACKAGE.name, copy_function=os.symlink)
        text = (PACKAGE / "pipeline" / self.file).read_text("utf-8")
        assert text.count(self.right) == 1, f"{self.file} has changed; adapt the mutant {self.name!r}"
        target = folder / PACKAGE.name / "pipeline" / self.file
        target.unlink()
        target.write_text(text.replace(self.right, self.wrong), "utf-8")


MUTANTS = (
    Mutant(
        "no-fsync-of-file",
        "first",
        "lake/storage.py",
        "partial(write_file, path, data, durability=self._durability)",
        'partial(write_file, path, data, durability="process")',
        is_quick=True,
    ),
    Mutant(
        "no-fsync-of-folder",
        "first",
        "lake/storage.py",
        "        self._in_folder(target, partial(source.replace, target))\n        self.sync(target.parent)\n",
        "        self._in_folder(target, partial(source.replace, target))\n",
        is_quick=True,
    ),
    Mutant(
        "new-folder-not-synced",
        "first",
        "durability.py",
        '        if durability == "full":\n            sync_folder(folder.parent)\n',
        "",
        is_quick=True,
    ),
    Mutant(
        "rename-before-sync",
        "archive",
        "archive/writer.py",
        """    if durability == "full":
        os.fsync(file.fileno())
    part.rename(part.with_suffix(""))
""",
        """    part.rename(part.with_suffix(""))
    if durability == "full":
        os.fsync(file.fileno())
""",
        is_quick=True,
    ),
    Mutant(
        "folders-of-archive-file-not-synced",
        "archive",
        "archive/writer.py",
        "        sync_folders_above(part, levels=_LEVELS)\n",
        "        pass\n",
    ),
    Mutant(
        "published-before-the-head",
        "first",
        "lake/partitions.py",
        "        self._disk.replace(self._layout.head, data)\n",
        """        for each in manifests:
            self.publish(each)
        self._disk.replace(self._layout.head, data)
""",
    ),
    Mutant(
        "head-before-manifests-are-durable",
        "first",
        "lake/partitions.py",
        "                self._disk.replace(self._layout.state / name, data)\n",
        """                path = self._layout.state / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
""",
        is_quick=True,
    ),
    Mutant(
        "no-head-before-the-first-manifest",
        "first",
        "lake/partitions.py",
        "            self._disk.replace(self._layout.head, head_bytes(Head()))\n",
        "            pass\n",
    ),
    Mutant(
        "manifest-of-a-dead-commit-left",
        "resuming",
        "lake/partitions.py",
        "        for path in files_in(self._layout.manifests(month)):\n",
        "        for path in []:\n",
    ),
    Mutant(
        "exchange-before-the-new-folder-is-synced",
        "closing",
        "lake/partitions.py",
        "        self._disk.sync(new)  # after power loss, the new folder must have its files\n",
        "",
        is_quick=True,
    ),
    Mutant(
        "exchange-not-synced",
        "closing",
        "lake/partitions.py",
        """        for parent in (folder.parent, new.parent, *([folder] if foreign else [])):
            self._disk.sync(parent)
""",
        "",
    ),
    Mutant(
        "old-folder-removed-before-the-exchange-is-synced",
        "closing",
        "lake/partitions.py",
        "        # Nor must the old folder be back after its files were removed.\n",
        """        for path in files_in(new):
            path.unlink()
        new.rmdir()
""",
    ),
    Mutant(
        "compaction-without-an-intent",
        "closing",
        "lake/compaction.py",
        "    committer.index.write_intent([month])\n",
        "",
    ),
    Mutant(
        "intent-after-the-commit",
        "commit",
        "lake/commit.py",
        """        self.index.write_intent(months, changed_days=changed_days)
        changed = self.partitions.rewrite(state, names_of, content)
""",
        """        changed = self.partitions.rewrite(state, names_of, content)
        self.index.write_intent(months, changed_days=changed_days)
""",
    ),
    Mutant(
        "article-index-before-object",
        "first",
        "lake/commit.py",
        "        changed = self.partitions.rewrite(state, names_of, content)\n",
        """        planned = changes or _changes(state, names_of)
        planned = {day: replace(each, generation=each.generation + 1) for day, each in planned.items()}
        self.index.apply(planned, {}, now=self.now(), batch_ids=batch_ids)
        changed = self.partitions.rewrite(state, names_of, content)
""",
    ),
    Mutant(
        "staged-batch-removed-in-place",
        "commit",
        "lake/staging.py",
        "    disk.move(folder, doomed)\n    shutil.rmtree(doomed)\n",
        "    shutil.rmtree(folder)\n",
    ),
    Mutant(
        "archive-index-before-file",
        "archive",
        "archive/writer.py",
        """        file.finish()
        if file.records:
            self._index.add({file.name: file.records})
""",
        """        if file.records:
            self._index.add({file.name: file.records})
        file.finish()
""",
        is_quick=True,
    ),
    Mutant(
        "database-not-synced",
        "archive",
        "sqlite.py",
        "{'FULL' if durability == 'full' else 'OFF'}",
        "OFF",
        is_quick=True,
    ),
    Mutant(
        "deleted-before-takedown-is-recorded",
        "takedown",
        "upkeep/takedown.py",
        "        takedown = workspace.takedowns.begin(\n            target.kind,",
        """        workspace.archive.erase(_captures(workspace, work), page_keys=work.page_keys)
        takedown = workspace.takedowns.begin(
            target.kind,""",
    ),
    Mutant(
        "removals-not-synced",
        "closed-takedown",
        "upkeep/takedown.py",
        "    sync_all(workspace.settings.durability)",
        "    pass",
    ),
    Mutant(
        "snapshot-dropped-in-place",
        "maintenance",
        "lake/snapshots.py",
        """            self.disk.move(self.folder(name), doomed)
            shutil.rmtree(doomed)
""",
        """            self.folder(name).rename(doomed)
            shutil.rmtree(doomed)
""",
    ),
    Mutant(
        "folders-of-new-database-not-synced",
        "archive",
        "sqlite.py",
        "            sync_folders_above(path, levels=_LEVELS)\n",
        "            pass\n",
    ),
    Mutant(
        "stale-log-file-not-removed-durably",
        "first",
        "lake/log_tables.py",
        "self._disk.remove(path, durably=True)",
        "self._disk.remove(path)",
    ),
    Mutant(
        "copy-of-takedown-not-synced",
        "takedown",
        "archive/takedowns.py",
        "_copy_bytes(content), durability=self._durability)",
        '_copy_bytes(content), durability="process")',
    ),
    Mutant(
        "inventory-not-synced",
        "takedown",
        "jobs/inventory.py",
        "data, durability=settings.durability)",
        'data, durability="process")',
    ),
    Mutant(
        "head-not-synced",
        "resuming",
        "lake/partitions.py",
        "        self._disk.replace(self._layout.head, data)\n",
        """        path = self._layout.head.with_suffix(".new")
        path.write_bytes(data)
        path.replace(self._layout.head)
""",
    ),
    Mutant(
        "month-published-before-its-compaction-is-committed",
        "closing",
        "lake/compaction.py",
        "    committer.partitions.commit(state, [new])\n",
        """    committer.partitions.publish(new)
    committer.partitions.commit(state, [new])
""",
    ),
    Mutant(
        "takedown-finished-before-its-removals-are-synced",
        "closed-takedown",
        "upkeep/takedown.py",
        "    sync_all(workspace.settings.durability)",
        """    workspace.takedowns.finish(takedown.takedown_id)
    sync_all(workspace.settings.durability)""",
    ),
)
