-- title: Which articles lost quotations after they were printed?
-- about: Articles of which a later content misses stretches in quotation marks that an earlier one had, with the contents seen and the time from the first to the last. The 100 that lost most are shown.
-- chart: bar x=quotes_removed y=title facet=publisher
WITH edited AS (
  SELECT
    article_id,
    count(*) AS contents,
    sum(coalesce(quotes_removed, 0)) AS quotes_removed,
    sum(coalesce(sentences_removed, 0)) AS sentences_removed,
    min(fetched_at) AS first_fetched_at,
    max(fetched_at) AS last_fetched_at
  FROM revisions
  GROUP BY article_id
  HAVING sum(coalesce(quotes_removed, 0)) > 0
)
SELECT
  a.publisher,
  a.title,
  coalesce(a.canonical_url, a.url) AS url,
  CAST(e.quotes_removed AS BIGINT) AS quotes_removed,
  CAST(e.sentences_removed AS BIGINT) AS sentences_removed,
  e.contents,
  e.first_fetched_at,
  e.last_fetched_at
FROM edited e JOIN articles_stored a ON a.article_id = e.article_id
ORDER BY quotes_removed DESC, sentences_removed DESC, e.article_id
LIMIT 100;

-- counted:
SELECT
  count(DISTINCT article_id) AS articles, count(*) AS contents,
  count(*) FILTER (coalesce(quotes_removed, 0) > 0) AS "contents that lost a quotation"
FROM revisions;
