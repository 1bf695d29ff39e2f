"""Loading the language model, and its name for the rows it made."""

import importlib
import importlib.util
from functools import cache
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.util import get_model_meta

from pipeline.errors import ConfigError

_NEEDED = ("TAG", "POS", "DEP", "LEMMA")


@cache  # 3 s and 700 MB: once in a process, whoever asks
def load_model(name: str) -> Language:
    """Return the model in a folder, or of an installed package that has ``load()`` or ``model_path()``.

    Raises: ConfigError where there is no such folder or package, it holds no model, or one that our rules cannot use.
    """
    folder = _folder_of(name)
    try:
        nlp = spacy.load(folder)
    except OSError as error:  # spaCy raises it for a folder without meta.json or config.cfg
        raise _no_model(folder, error) from error
    probe = nlp("1 2.")
    if lacking := [what for what in _NEEDED if not probe.has_annotation(what)]:
        raise ConfigError(
            f"model {name!r} gives no {', '.join(lacking)}, which our rules read; add the parts that give it "
            "(tagger, parser, lemmatizer), or set NEWS_SPACY_MODEL to another",
            key=name,
            reason="model_wrong",
        )
    return nlp


def model_label(name: str) -> str:
    """Return the model's name and version as rows record them, e.g. ``core_web_md-3.8.0``, without loading it.

    Raises: ConfigError as ``load_model`` does.
    """
    folder = _folder_of(name)
    try:
        meta = get_model_meta(folder)
    except (OSError, ValueError) as error:  # no folder, no meta.json, or one without the fields of a model
        raise _no_model(folder, error) from error
    return f"{meta['name']}-{meta['version']}"


def _folder_of(name: str) -> Path:
    if Path(name).is_dir():
        return Path(name)
    if not name.isidentifier() or importlib.util.find_spec(name) is None:
        raise ConfigError(
            f"language model {name!r} is neither a folder nor an installed package; "
            "run `make demo` or `make test`, which install it, or set NEWS_SPACY_MODEL to a spaCy model",
            key=name,
            reason="model_missing",
        )
    package = importlib.import_module(name)
    if hasattr(package, "model_path"):
        return Path(package.model_path())
    if not hasattr(package, "load") or package.__file__ is None:
        raise ConfigError(
            f"package {name!r} has neither load() nor model_path(), so it is no spaCy model; set NEWS_SPACY_MODEL",
            key=name,
            reason="model_wrong",
        )
    # What `spacy package` builds keeps the model beside its load(): <package>/<name>-<version>.
    root = Path(package.__file__).parent
    return next((config.parent for config in sorted(root.glob("*/config.cfg"))), root)


def _no_model(folder: Path, error: Exception) -> ConfigError:
    return ConfigError(
        f"folder {folder} holds no spaCy model ({error}); set NEWS_SPACY_MODEL", key=str(folder), reason="model_wrong"
    )
