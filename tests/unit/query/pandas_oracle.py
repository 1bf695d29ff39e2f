"""Independent answers of fifteen questions, computed with pandas from the files. Rows are those of the question."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Frames = Mapping[str, pd.DataFrame]
Rows = list[tuple[Any, ...]]
_KEYS = ["article_id", "revision_id"]
_TABLES = (
    *(
        "articles",
        "entities",
        "quotes",
        "events",
        "near_duplicates",
        "revisions",
        "quote_clusters",
        "event_cluster_members",
    ),
    "event_clusters",
    "person_links",
)


MINIMUM = 5  # rows that a share needs
CONFIDENCE = 0.5  # of an event


def frames_of(lake: Path) -> Frames:
    """Return each table as a frame; articles, quotes and events with their groups, people with their links."""
    found = {name: _frame(lake / "tables" / name, "published_date") for name in _TABLES}
    found["outcomes"] = _frame(lake / "log" / "outcomes", "decided_date")
    copies = found["near_duplicates"][[*_KEYS, "dup_group_id", "is_duplicate"]]
    found["articles"] = found["articles"].merge(copies, on=_KEYS)
    groups = found["quote_clusters"][[*_KEYS, "quote_index", "quote_cluster_id"]]
    heads = found["articles"][[*_KEYS, "publisher", "section", "url", "is_duplicate"]]
    quotes = found["quotes"].merge(groups, on=[*_KEYS, "quote_index"]).merge(heads, on=_KEYS)
    quotes["own_id"] = quotes["article_id"] + ":" + quotes["quote_index"].astype(str)
    links = found["person_links"][[*_KEYS, "cluster_index", "person_id", "person_name"]]
    quotes = quotes.merge(
        links.rename(columns={"cluster_index": "speaker_cluster_index"}),
        on=[*_KEYS, "speaker_cluster_index"],
        how="left",
    )
    quotes["speaker_id"] = quotes["person_id"].fillna(quotes["speaker_entity_id"]).fillna(quotes["speaker_name"])
    quotes["speaker_name"] = quotes["person_name"].fillna(quotes["speaker_name"])
    found["quotes"] = quotes
    people = found["entities"].merge(links, on=[*_KEYS, "cluster_index"], how="left")
    people["entity_id"] = people["person_id"].fillna(people["entity_id"])
    people["entity_name"] = people["person_name"].fillna(people["entity_name"])
    found["entities"] = people
    reports = found["event_cluster_members"][[*_KEYS, "event_index", "event_cluster_id"]]
    found["events"] = found["events"].merge(reports, on=[*_KEYS, "event_index"]).merge(heads, on=_KEYS)
    return found


def _frame(folder: Path, day: str) -> pd.DataFrame:
    frame = pd.read_parquet(folder)
    frame[day] = pd.to_datetime(frame[day].astype(str)).dt.date
    return frame


def _people(frames: Frames) -> pd.DataFrame:
    quotes = frames["quotes"]
    return quotes[(quotes["speaker_kind"] == "person") & quotes["speaker_name"].notna()]


def _rows(frame: pd.DataFrame, *columns: str) -> Rows:
    return list(frame[list(columns)].itertuples(index=False, name=None))


def _start(days: pd.Series, unit: str) -> pd.Series:
    return pd.to_datetime(days).dt.to_period(unit).dt.start_time.dt.date


def top_speakers(frames: Frames) -> Rows:
    people = _people(frames)
    first = people[people["own_id"] == people["quote_cluster_id"]]
    found = first.groupby("speaker_id").agg(
        speaker=("speaker_name", "max"), quotes=("own_id", "size"), words=("word_count", "sum")
    )
    found["outlets"] = people.groupby("speaker_id")["publisher"].nunique()
    order = found.reset_index().sort_values(["words", "quotes", "speaker"], ascending=[False, False, True])
    return _rows(order.head(20), "speaker", "quotes", "words", "outlets")


def gender_of_sources(frames: Frames) -> Rows:
    quotes = frames["quotes"]
    people = quotes[quotes["speaker_kind"] == "person"].copy()
    people["week"] = _start(people["published_date"], "W")
    rows = []
    for (publisher, week), group in people.groupby(["publisher", "week"]):
        share = group["speaker_gender"].fillna("U").value_counts(normalize=True)
        rows.append((publisher, week, len(group), *(share.get(each, 0.0) for each in "FMU")))
    return [row for row in rows if row[2] >= MINIMUM]


def who_said_what(frames: Frames) -> Rows:
    quotes = frames["quotes"]
    said = quotes[~quotes["is_duplicate"] & quotes["speaker_text"].notna()]
    order = said.sort_values(["published_at", "article_id", "quote_index"], ascending=[False, True, True]).head(50)
    who = order.assign(speaker=order["speaker_name"].fillna(order["speaker_text"]))
    names = ("speaker", "cue_text", "quote_text", "quote_type", "publisher", "published_at", "url")
    return _rows(who, *names, "article_id", "start_char", "end_char")


def quote_travel(frames: Frames) -> Rows:
    rows = []
    for group_id, prints in frames["quotes"].groupby("quote_cluster_id"):
        outlets = prints["publisher"].nunique()
        if outlets >= 2:
            first = prints[prints["own_id"] == group_id].iloc[0]
            lag = (prints["published_at"] - prints["published_at"].min()).dt.total_seconds().median() / 3600
            seen = prints["published_at"].min()
            rows.append((-outlets, seen, group_id, first["quote_text"], first["speaker_name"], first["publisher"], lag))
    return [(text, who, seen.date(), seen, outlet, -n, lag) for n, seen, _, text, who, outlet, lag in sorted(rows)[:50]]


def co_mentions(frames: Frames) -> Rows:
    heads = frames["articles"][[*_KEYS, "is_duplicate"]]
    people = frames["entities"].merge(heads, on=_KEYS)
    people = people[(people["entity_type"] == "PERSON") & ~people["is_duplicate"]]
    names = people.groupby("entity_id")["entity_name"].max()
    pairs: dict[tuple[str, str], set[str]] = {}
    for (article_id, _), sentence in people.groupby(["article_id", "sentence_index"]):
        ids = sorted(set(sentence["entity_id"]))
        for at, one in enumerate(ids):
            for other in ids[at + 1 :]:
                pairs.setdefault((one, other), set()).add(article_id)
    rows = [(*sorted((names[a], names[b])), len(articles), a, b) for (a, b), articles in pairs.items()]
    return [row[:3] for row in sorted(rows, key=lambda row: (-row[2], *row[:2], *row[3:]))[:100]]


def country_pairs(frames: Frames) -> Rows:
    events = frames["event_clusters"]
    events = events[(events["modality"] == "happened") & events["quad_class"].notna()].dropna(
        subset=["actor_country", "recipient_country"]
    )
    events = events[events["confidence"] >= CONFIDENCE]
    events = events[events["actor_country"] != events["recipient_country"]].copy()
    events["one"] = events[["actor_country", "recipient_country"]].min(axis=1)
    events["other"] = events[["actor_country", "recipient_country"]].max(axis=1)
    events["week"] = _start(events["published_date"], "W")
    kinds = {1: "verbal cooperation", 2: "material cooperation", 3: "verbal conflict", 4: "material conflict"}
    events["kind"] = events["quad_class"].map(kinds)
    found = events.groupby(["one", "other", "week", "kind"]).agg(
        events=("event_cluster_id", "size"), reports=("report_count", "sum"), alone=("independent_count", "sum")
    )
    order = ["events", "reports", "one", "other", "week", "kind"]
    found = found.reset_index().sort_values(order, ascending=[False, False, True, True, True, True]).head(500)
    found["pair"] = found["one"] + " and " + found["other"]
    return _rows(found, "one", "other", "week", "kind", "events", "reports", "alone", "pair")


def reporting_lag(frames: Frames) -> Rows:
    events = frames["events"]
    published = events["published_at"].dt.date
    is_dated = events["event_date"].notna() & (events["event_date_precision"] == "day")
    is_dated &= events["confidence"] >= CONFIDENCE
    reports = events[is_dated & (events["modality"] == "happened")].copy()
    dates = zip(published[reports.index], reports["event_date"], strict=True)
    reports["days"] = [(at - day).days for at, day in dates]
    reports = reports[reports["days"] >= 0].sort_values("days").drop_duplicates(["event_cluster_id", "article_id"])
    firsts = reports.sort_values(["published_at", "article_id"]).drop_duplicates("event_cluster_id").index
    reports["is_first"] = reports.index.isin(firsts)
    found = reports.groupby("publisher").agg(
        median=("days", "median"), events=("days", "size"), first=("is_first", "sum")
    )
    order = found.reset_index().sort_values(["median", "events", "publisher"], ascending=[True, False, True])
    return _rows(order, "publisher", "median", "events", "first")


def syndication(frames: Frames) -> Rows:
    articles = frames["articles"]
    outlet = articles.set_index("article_id")["publisher"]
    first = articles["dup_group_id"].map(outlet)
    marked = articles.assign(
        duplicate=articles["is_duplicate"] & (first != articles["publisher"]), wire=articles["wire_agency"].notna()
    )
    found = marked.groupby("publisher").agg(n=("url", "size"), duplicate=("duplicate", "mean"), wire=("wire", "mean"))
    found = found[found["n"] >= MINIMUM].round(3).reset_index()
    found = found.sort_values(["duplicate", "wire", "publisher"], ascending=[False, False, True])
    return _rows(found, "publisher", "n", "duplicate", "wire")


def source_diversity(frames: Frames) -> Rows:
    rows = []
    for publisher, quotes in _people(frames).groupby("publisher"):
        counts = quotes["speaker_id"].value_counts()
        share = counts / counts.sum()
        effective = round(float(np.exp(-(share * np.log(share)).sum())), 1)
        if counts.sum() >= MINIMUM:
            rows.append((publisher, len(counts), effective, share.nlargest(10).sum()))
    return sorted(rows, key=lambda row: (-row[2], row[0]))


def unnamed_sources(frames: Frames) -> Rows:
    quotes = frames["quotes"].copy()
    quotes["month"] = _start(quotes["published_date"], "M")
    rows = []
    for key, group in quotes.groupby(["publisher", "section", "month"], dropna=False):
        kinds = group["speaker_kind"]
        publisher, section, month = key
        where = (publisher, None if pd.isna(section) else section, month)
        rows.append((*where, len(group), round((kinds == "unnamed").mean(), 3), kinds.isna().mean()))
    rows = [row for row in rows if row[3] >= MINIMUM]
    return sorted(rows, key=lambda r: (-r[4], -r[3], r[0], r[1] is None, r[1] or "", r[2]))[:500]


def new_voices(frames: Frames) -> Rows:
    newest = frames["articles"]["published_date"].max()
    found = (
        _people(frames)
        .groupby("speaker_id")
        .agg(
            speaker=("speaker_name", "max"),
            first=("published_date", "min"),
            quotes=("own_id", "size"),
            outlets=("publisher", "nunique"),
        )
    )
    fresh = found[[(newest - first).days < 30 for first in found["first"]]].reset_index()
    fresh = fresh.sort_values(["outlets", "quotes", "speaker"], ascending=[False, False, True]).head(50)
    return _rows(fresh, "speaker", "first", "quotes", "outlets")


def said_or_claimed(frames: Frames) -> Rows:
    quotes = frames["quotes"]
    quotes = quotes[~quotes["is_duplicate"] & quotes["speaker_kind"].notna()]
    rows = []
    for (publisher, kind, gender), group in quotes.groupby(
        ["publisher", "speaker_kind", "speaker_gender"], dropna=False
    ):
        share = (group["cue_stance"] == "distance").mean()
        rows.append((publisher, kind, None if pd.isna(gender) else gender, len(group), share))
    rows = [row for row in rows if row[3] >= MINIMUM]
    return sorted(rows, key=lambda row: (row[0], row[1], row[2] is None, row[2] or ""))


def who_speaks_first(frames: Frames) -> Rows:
    quotes = frames["quotes"]
    opening = quotes[~quotes["is_duplicate"]].sort_values("start_char").drop_duplicates("article_id")
    rows = []
    for publisher, all_of in opening.groupby("publisher"):
        if len(all_of) < MINIMUM:
            continue
        for (kind, gender), group in all_of.groupby(["speaker_kind", "speaker_gender"], dropna=False):
            who = (None if pd.isna(kind) else kind, None if pd.isna(gender) else gender)
            rows.append((publisher, *who, len(group), len(group) / len(all_of)))
    return sorted(rows, key=lambda r: (r[0], -r[3], r[1] is None, r[1] or "", r[2] is None, r[2] or ""))


def silent_edits(frames: Frames) -> Rows:
    found = (
        frames["revisions"]
        .groupby("article_id")
        .agg(
            quotes=("quotes_removed", "sum"),
            sentences=("sentences_removed", "sum"),
            revisions=("revision_id", "size"),
            first=("fetched_at", "min"),
            last=("fetched_at", "max"),
        )
    )
    found = found[found["quotes"] > 0].reset_index()
    found = found.merge(frames["articles"][["article_id", "publisher", "title", "url"]], on="article_id")
    found = found.sort_values(["quotes", "sentences", "article_id"], ascending=[False, False, True]).head(100)
    return _rows(found, "publisher", "title", "url", "quotes", "sentences", "revisions", "first", "last")


def trust_check(frames: Frames) -> Rows:
    guessed = frames["articles"]["published_at_method"].isin(["unknown", "url", "htmldate"])
    daily = frames["articles"].assign(guessed=guessed).groupby(["source_key", "published_date"])["guessed"]
    usual = daily.size().groupby("source_key").median()
    outcomes = frames["outcomes"]
    left = outcomes[outcomes["outcome"].isin(["rejected", "quarantined"])]
    rows = []
    for (source, day), group in daily:
        count, share = len(group), group.mean()
        if count < usual[source] * 0.5 or count > usual[source] * 2 or share > 0.3:
            mine = left[(left["source_key"] == source) & (left["news_day"] == day)]
            reasons = mine["reason"].value_counts()
            most = min((-n, reason) for reason, n in reasons.items())[1] if len(reasons) else None
            rows.append((source, day, count, usual[source], share, len(mine), most))
    return sorted(rows, key=lambda row: (-row[1].toordinal(), row[0]))[:500]


AGAIN: Mapping[str, Callable[[Frames], Rows]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        *(top_speakers, gender_of_sources, who_said_what, quote_travel, co_mentions, country_pairs, reporting_lag),
        *(syndication, source_diversity, unnamed_sources, new_voices, said_or_claimed, who_speaks_first),
        *(silent_edits, trust_check),
    )
}
