"""`make test` needs its own requirements and the checkout: no package of `make nightly`, no path of the shell."""

import ast
import os
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT, Module, modules, text_of
from tests.nightly import PARTS

# Programs that only `make bench-lake` runs, after the requirements of `make nightly`.
WITH_NIGHTLY = {"tests/bench_rivals.py": "tests/bench_lake.py"}
# The driver of the extra `spark`, which the command loads once it knows that the extra is installed.
WITH_SPARK = "pipeline/spark/backfill.py"


def _locked(name: str) -> set[str]:
    """Return the distributions of a lock."""
    found = re.findall(r"^([a-z0-9][\w.-]*)(?:\[.*?\])?==", text_of(name), re.MULTILINE)
    return {str(canonicalize_name(each)) for each in found}


_NIGHTLY = _locked("requirements-nightly.txt") - _locked("requirements.txt") - _locked("requirements-dev.txt")
_installed = cache(packages_distributions)


def _needs_nightly(name: str) -> bool:
    """Return whether only the requirements of `make nightly` have a module, which need not be installed."""
    top = name.partition(".")[0]
    found = {canonicalize_name(each) for each in _installed().get(top, [top])}
    return found <= _NIGHTLY


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]


def _nightly_imports(module: Module) -> list[ast.Import | ast.ImportFrom]:
    found = module.nodes(ast.Import, ast.ImportFrom)
    return [node for node in found if any(map(_needs_nightly, _names(node)))]


def _in_nightly_tests(module: Module) -> set[int]:
    """Return the imports inside functions with the mark nightly."""
    marked = [
        function
        for function in module.nodes(ast.FunctionDef)
        if any(ast.unparse(each) == "pytest.mark.nightly" for each in function.decorator_list)
    ]
    return {id(node) for function in marked for node in ast.walk(function)}


def test_packages_of_nightly_are_known():
    """The packages of requirements-nightly.in are known by the names of their modules, installed or not."""
    assert [name for name in ("deltalake", "nbclient", "nbformat", "pyspark.sql") if not _needs_nightly(name)] == []
    assert [name for name in ("pandas", "pytest", "polars", "tests.nightly", "os") if _needs_nightly(name)] == []


def test_make_test_imports_no_package_of_nightly():
    """A package that only `make nightly` installs is imported inside a test with the mark nightly, by a benchmark that
    no test imports, or by the driver of a backfill on Spark."""
    found = [
        module.at(node)
        for module in modules("newslake", "pipeline", "plugins", "dags", "samples", "tests")
        if module.path not in (*WITH_NIGHTLY, WITH_SPARK)
        for node in _nightly_imports(module)
        if id(node) not in _in_nightly_tests(module)
    ]
    names = {path.removesuffix(".py").replace("/", "."): only for path, only in WITH_NIGHTLY.items()}
    importers = {
        (name, module.path)
        for module in modules("samples", "tests")
        for node in module.nodes(ast.Import, ast.ImportFrom)
        for name in _names(node)
        if name in names
    }

    assert found == []
    assert importers == set(names.items())
    assert [path for part in PARTS for path in part.files if path in WITH_NIGHTLY.values()] == []


def test_children_find_the_checkout_and_no_more(tmp_path: Path):
    """A process that a test starts finds the packages of this checkout, as after `make`; the plugins, only if the test
    gives it their path. So no test depends on PYTHONPATH of the shell."""
    code = "import importlib.util as u, newslake; print(newslake.__file__, u.find_spec('news_airflow'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.split() == [str(ROOT / "newslake" / "__init__.py"), "None"]
    assert os.environ["PYTHONPATH"] == str(ROOT)
