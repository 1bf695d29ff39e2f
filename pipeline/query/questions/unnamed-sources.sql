-- title: Where are unnamed speakers quoted?
-- group: quotes
-- about: Share of quotes by unnamed speakers ("officials"), and share of quotes without a speaker, by outlet, section and month. Rows with fewer than five quotes are excluded; the option "minimum" sets another number. Duplicate articles are included. The 500 rows with the highest share of unnamed speakers are shown.
-- option: minimum: NUMBER of quotes that a row needs; default 5
-- chart: line x=month y=share_unnamed colour=section facet=publisher n=quotes
WITH quoted AS (
  SELECT
    article_id,
    revision_id,
    count(*) AS quotes,
    sum(CASE WHEN speaker_kind = 'unnamed' THEN 1 ELSE 0 END) AS unnamed,
    sum(CASE WHEN speaker_kind IS NULL THEN 1 ELSE 0 END) AS speakerless
  FROM quotes_stored
  GROUP BY article_id, revision_id
), monthly AS (
  SELECT
    coalesce(a.outlet_key, a.publisher) AS outlet,
    a.section,
    CAST(date_trunc('month', a.published_date) AS DATE) AS month,
    sum(q.quotes) AS quotes,
    sum(q.unnamed) AS unnamed,
    sum(q.speakerless) AS speakerless
  FROM quoted q JOIN articles_stored a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  GROUP BY coalesce(a.outlet_key, a.publisher), a.section, CAST(date_trunc('month', a.published_date) AS DATE)
)
SELECT
  o.publisher,
  m.section,
  m.month,
  CAST(m.quotes AS BIGINT) AS quotes,
  round(m.unnamed / m.quotes, 3) AS share_unnamed,
  round(m.speakerless / m.quotes, 3) AS share_without_speaker
FROM monthly m LEFT JOIN outlets o ON o.outlet = m.outlet
WHERE m.quotes >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5)
ORDER BY share_unnamed DESC, quotes DESC, o.publisher NULLS LAST, m.section NULLS LAST, m.month, m.outlet
LIMIT 500;

-- counted:
WITH quoted AS (
  SELECT article_id, revision_id, count(*) AS quotes, count(*) FILTER (speaker_kind IS NULL) AS speakerless
  FROM quotes_stored GROUP BY article_id, revision_id
), monthly AS (
  SELECT
    sum(q.quotes) AS quotes, sum(q.speakerless) AS speakerless, count(*) AS articles, sum(q.quotes) >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5) AS is_enough
  FROM quoted q JOIN articles_stored a USING (article_id, revision_id)
  GROUP BY coalesce(a.outlet_key, a.publisher), a.section, date_trunc('month', a.published_date)
)
SELECT
  coalesce(sum(quotes) FILTER (is_enough), 0)::BIGINT AS quotes,
  coalesce(sum(articles) FILTER (is_enough), 0)::BIGINT AS articles,
  coalesce(sum(speakerless) FILTER (is_enough), 0)::BIGINT AS "quotes without a speaker",
  coalesce(sum(quotes) FILTER (NOT is_enough), 0)::BIGINT AS "excluded: quotes in rows with fewer than the minimum"
FROM monthly;
