"""`newslake sql` and `newslake ask`: answers from the tables."""

import sys
from typing import Annotated

import typer

from pipeline.cli.output import AsJson, out, print_json, print_rows, workspace


def sql(
    statement: Annotated[str, typer.Argument(help="One SELECT over articles, entities, quotes, events, copies, ...")],
    as_json: AsJson = False,
) -> None:
    """Run one read-only SQL statement over the tables, with the views already joined."""
    from pipeline.ask import connect, query

    found = query(connect(workspace().settings.lake_dir), statement)
    print_rows(found.columns, found.rows, as_json=as_json)


def ask(
    slug: Annotated[str | None, typer.Argument(help="A saved question; all are listed when left out.")] = None,
    as_json: AsJson = False,
    dialect: Annotated[
        str | None, typer.Option(metavar="ENGINE", help="Print the question in this engine's SQL and do nothing else.")
    ] = None,
) -> None:
    """Answer a saved question."""
    from pipeline.ask import answer, connect, list_questions, question_named

    if slug is None:
        questions = list_questions()
        if as_json:
            print_json([{"slug": question.slug, "title": question.title} for question in questions])
            return
        width = max(len(question.slug) for question in questions)
        for question in questions:
            out.print(f"{question.slug:<{width}}  {question.title}", highlight=False, markup=False)
        return
    if dialect is not None:
        from pipeline.ask.twins import twin

        sys.stdout.write(f"{twin(question_named(slug).sql, dialect)}\n")
        return
    found = answer(connect(workspace().settings.lake_dir), slug)
    print_rows(found.columns, found.rows, as_json=as_json)
