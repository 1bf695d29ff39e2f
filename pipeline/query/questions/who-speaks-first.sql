-- title: Who speaks first?
-- about: Speakers of the first quote of each article, by publisher, kind of speaker and gender. The column "share" is their share of all first quotes of the publisher. Duplicate articles are excluded.
-- chart: bar x=share y=speaker_kind colour=gender facet=publisher
WITH openings AS (
  SELECT a.publisher, q.speaker_kind, q.speaker_gender, count(*) AS first_quotes
  FROM quotes_stored q JOIN articles a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  WHERE q.quote_index = 0 AND NOT a.is_duplicate
  GROUP BY a.publisher, q.speaker_kind, q.speaker_gender
)
SELECT
  publisher,
  speaker_kind,
  speaker_gender AS gender,
  first_quotes,
  round(first_quotes / sum(first_quotes) OVER (PARTITION BY publisher), 3) AS share
FROM openings
ORDER BY publisher NULLS LAST, first_quotes DESC, speaker_kind NULLS LAST, gender NULLS LAST;

-- counted:
SELECT
  count(DISTINCT article_id) FILTER (is_quoting AND NOT is_duplicate) AS "articles with a quote",
  count(*) FILTER (is_quoting AND is_duplicate) AS "excluded: duplicates of another article",
  count(*) FILTER (NOT is_quoting) AS "excluded: articles without a quote"
FROM (SELECT *, article_id IN (SELECT article_id FROM quotes) AS is_quoting FROM articles);
