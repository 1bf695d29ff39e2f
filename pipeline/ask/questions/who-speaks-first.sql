-- title: Who speaks first?
-- about: Whose statement opens an article, by outlet, kind of speaker and gender, beside the share of all its openings. Copies of an article are left out.
-- chart: bar x=share y=speaker_kind colour=gender facet=publisher
WITH openings AS (
  SELECT a.publisher, q.speaker_kind, q.speaker_gender
  FROM quotes q JOIN articles a USING (article_id, revision_id)
  WHERE NOT a.is_copy
  QUALIFY row_number() OVER (PARTITION BY q.article_id ORDER BY q.start_char, q.quote_index) = 1
)
SELECT
  publisher,
  speaker_kind,
  speaker_gender AS gender,
  count(*) AS openings,
  round(count(*) / sum(count(*)) OVER (PARTITION BY publisher), 3) AS share
FROM openings
GROUP BY publisher, speaker_kind, speaker_gender
ORDER BY publisher NULLS LAST, openings DESC, speaker_kind NULLS LAST, gender NULLS LAST;

-- counted:
SELECT
  count(DISTINCT article_id) FILTER (is_quoting AND NOT is_copy) AS "articles with a quote",
  count(*) FILTER (is_quoting AND is_copy) AS "left out: copies of another article",
  count(*) FILTER (NOT is_quoting) AS "left out: articles without a quote"
FROM (SELECT *, article_id IN (SELECT article_id FROM quotes) AS is_quoting FROM articles);
