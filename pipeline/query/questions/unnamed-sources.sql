-- title: Where are unnamed speakers quoted?
-- about: Share of quotes by unnamed speakers ("officials"), and share of quotes without a speaker, by publisher, section and month. Duplicate articles are included. The 500 rows with the highest share of unnamed speakers are shown.
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
)
SELECT
  a.publisher,
  a.section,
  CAST(date_trunc('month', a.published_date) AS DATE) AS month,
  CAST(sum(q.quotes) AS BIGINT) AS quotes,
  round(sum(q.unnamed) / sum(q.quotes), 3) AS share_unnamed,
  round(sum(q.speakerless) / sum(q.quotes), 3) AS share_without_speaker
FROM quoted q JOIN articles_stored a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
GROUP BY a.publisher, a.section, CAST(date_trunc('month', a.published_date) AS DATE)
ORDER BY share_unnamed DESC, quotes DESC, a.publisher NULLS LAST, a.section NULLS LAST, month
LIMIT 500;

-- counted:
SELECT
  count(*) AS quotes, count(DISTINCT article_id) AS articles,
  count(*) FILTER (speaker_kind IS NULL) AS "quotes without a speaker"
FROM quotes;
