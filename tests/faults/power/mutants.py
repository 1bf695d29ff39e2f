"""Planted bugs: copies of the package, each with one text replaced. The power-loss test must find every one."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pipeline

PACKAGE = Path(pipeline.__file__).parent


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug in one file of the package, and the job that it spoils."""

    name: str
    job: str
    file: str
    right: str
    wrong: str

    def write(self, folder: Path) -> None:
        """Write the package with the bug; all other files are symbolic links."""
        shutil.copytree(PACKAGE, folder / PACKAGE.name, copy_function=os.symlink)
        text = (PACKAGE / self.file).read_text("utf-8")
        assert text.count(self.right) == 1, f"{self.file} has changed; adapt the mutant {self.name!r}"
        target = folder / PACKAGE.name / self.file
        target.unlink()
        target.write_text(text.replace(self.right, self.wrong), "utf-8")


MUTANTS = (
    Mutant(
        "no-fsync-of-file",
        "first",
        "lake/storage.py",
        "write_file(path, data, durability=self._durability)",
        'write_file(path, data, durability="process")',
    ),
    Mutant(
        "no-fsync-of-folder",
        "first",
        "lake/storage.py",
        "        source.replace(target)\n        self.sync(target.parent)\n",
        "        source.replace(target)\n",
    ),
    Mutant(
        "new-folder-not-synced",
        "first",
        "durability.py",
        '        if durability == "full":\n            sync_folder(folder.parent)\n',
        "",
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
    ),
    Mutant(
        "folders-of-archive-file-not-synced",
        "archive",
        "archive/writer.py",
        "        sync_folders_above(part, levels=_LEVELS)\n",
        "        pass\n",
    ),
    Mutant(
        "link-before-manifest",
        "first",
        "lake/partitions.py",
        "            self._disk.replace(self._layout.manifest(old.day), manifest_bytes(manifest))\n",
        """            for name in set(changed) & set(new):
                self._disk.link(self._layout.state / new[name].object, self._layout.public(name, old.day))
            self._disk.replace(self._layout.manifest(old.day), manifest_bytes(manifest))
""",
    ),
    Mutant(
        "article-index-before-object",
        "first",
        "lake/commit.py",
        "        changed = self.days.rewrite(\n            sorted(incoming),\n",
        """        planned = {
            day: DayContents(
                self.days.manifest(day).generation + 1,
                stored_articles(self._with_incoming(day, "articles", incoming), day),
            )
            for day in incoming
        }
        self.index.apply(planned, now=self.now(), batch_ids=ids)
        changed = self.days.rewrite(
            sorted(incoming),
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
        """        file.finish(durability=self._durability)
        if file.records:
            self._index.add({file.name: file.records})
""",
        """        if file.records:
            self._index.add({file.name: file.records})
        file.finish(durability=self._durability)
""",
    ),
    Mutant(
        "database-not-synced",
        "archive",
        "sqlite.py",
        "{'FULL' if durability == 'full' else 'OFF'}",
        "OFF",
    ),
    Mutant(
        "deleted-before-takedown-is-recorded",
        "takedown",
        "jobs/takedown.py",
        "        takedown = workspace.takedowns.begin(\n            target.kind,",
        """        workspace.archive.erase(_captures(workspace, work), page_keys=work.page_keys)
        takedown = workspace.takedowns.begin(
            target.kind,""",
    ),
    Mutant(
        "removals-not-synced",
        "takedown",
        "jobs/takedown.py",
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
)
