-- title: Who speaks first?
-- about: Whose statement opens an article, by outlet, kind of speaker and gender, beside the share of all its openings. Copies of an article are left out.
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
