"""The process that forks Spark's Python workers, with a fault: poisonous pages, or no model.

Spark starts it by `spark.python.daemon.module`; the variable NEWSLAKE_FAULT says which fault it has. A page is
poisonous if it has a word of ``POISON``.
"""

import importlib.util
import os
import signal
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from multiprocessing.connection import Connection
from typing import Any

from newslake.pipeline.jobs import workers
from newslake.pipeline.settings import Settings

VARIABLE = "NEWSLAKE_FAULT"
POISON = {"Hemlock": "kill", "Nightshade": "raise"}


def strike(how: str) -> None:
    """End this process as a segmentation fault does, or raise what no code here expects."""
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise ZeroDivisionError("half an emoji \ud83d")


def poison() -> None:
    """Let the parser strike when it is given a poisonous page."""
    owner = importlib.import_module("newslake.pipeline.nlp.annotator")
    real: Callable[..., Any] = owner.make_docs

    def struck(*given: Any, **named: Any) -> Any:
        seen = repr((given, named))
        for word, how in POISON.items():
            if word in seen:
                strike(how)
        return real(*given, **named)

    owner.make_docs = struck
    workers.serve = _serve_with_poison


def _serve_with_poison(pipe: Connection, settings: Settings) -> None:
    """Do jobs as ``workers.serve`` in a child that tries a suspect: the pages are poisonous there, too."""
    real = workers.serve
    poison()
    real(pipe, settings)


def hide_model() -> None:
    """Hide the package of the model, as if it were not installed."""
    hidden, real = Settings.model_fields["spacy_model"].default, importlib.util.find_spec

    def find(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == hidden else real(name, package)

    importlib.util.find_spec = find


FAULTS: Mapping[str, Callable[[], None]] = {"poison": poison, "modelless": hide_model}

if __name__ == "__main__":
    FAULTS[os.environ[VARIABLE]]()
    importlib.import_module("pyspark.daemon").manager()  # only `make nightly` has it
