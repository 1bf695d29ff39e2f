-- title: Which articles lost quotes after publication?
-- group: quotes
-- about: Articles from which a later revision removed words in quotation marks, with the number of revisions and the fetch times of the first and the last revision. The 100 articles with the most removed quotes are shown.
-- chart: bar x=quotes_removed y=title facet=publisher
WITH edited AS (
  SELECT
    article_id,
    count(*) AS revisions,
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
  e.revisions,
  e.first_fetched_at,
  e.last_fetched_at
FROM edited e JOIN articles_stored a ON a.article_id = e.article_id
ORDER BY quotes_removed DESC, sentences_removed DESC, e.article_id
LIMIT 100;

-- counted:
SELECT
  count(DISTINCT article_id) AS articles, count(*) AS revisions,
  count(*) FILTER (coalesce(quotes_removed, 0) > 0) AS "revisions that lost a quote"
FROM revisions;
