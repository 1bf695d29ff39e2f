"""Every block of Python in docs/how-to/python.md runs after `make demo`, and prints what the page shows."""

import ast
import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from samples.answers import replay_newsroom
from samples.server import DEFAULT_PORT
from tests.architecture.tree import text_of

pytestmark = [pytest.mark.model]
_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```\n(?P<shown>.*?)^```\n)?", re.MULTILINE | re.DOTALL)
_ADDRESS = "http://127.0.0.1:{}/lantern/2026/03/02/school-phones"


def _run(code: str, names: dict[str, object]) -> str:
    """Run a block in ``names``; return what it prints, and the value of its last line, as a notebook shows them."""
    *body, last = ast.parse(code).body
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(ast.Module(body, []), "python.md", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "python.md", "eval"), names)
            if value is not None:
                printed.write(f"{value!r}\n")
        else:
            exec(compile(ast.Module([last], []), "python.md", "exec"), names)
    return printed.getvalue()


def test_blocks_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks run one after the other on the lake of the sample newsroom, and show the outputs of the page."""
    (tmp_path / "data").mkdir()
    replay_newsroom(tmp_path / "data", port=0)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = list(_BLOCK.finditer(text_of("docs/how-to/python.md")))
    found = 0
    for block in blocks:
        code = block["code"]
        if _ADDRESS.format(DEFAULT_PORT) in code:  # the newsroom of this test has another port
            [row] = names["lake"].sql("SELECT url FROM articles WHERE url LIKE '%/school-phones'")
            code = code.replace(_ADDRESS.format(DEFAULT_PORT), row["url"])
        printed = _run(code, names)
        if block["shown"] is not None:
            assert printed == block["shown"], code
            found += 1
    assert (len(blocks) >= 8, found >= 4) == (True, True)
