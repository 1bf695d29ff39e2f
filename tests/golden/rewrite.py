"""`make golden`: write the current result of every case, and drop cases without a page."""

import json

from newslake.pipeline.nlp import load_model
from newslake.pipeline.settings import Settings
from tests.golden.cases import FOLDER, case_names, file_of, make_annotator, read_case


def main() -> None:
    """Rewrite all cases."""
    annotator = make_annotator(load_model(Settings.model_fields["spacy_model"].default))
    for file in set(FOLDER.glob("*.json")) - {file_of(name) for name in case_names()}:
        file.unlink()
    for name in case_names():
        text = json.dumps(read_case(name, annotator), ensure_ascii=False, indent=1, sort_keys=True)
        file_of(name).write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
