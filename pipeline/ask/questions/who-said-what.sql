-- title: Who said what lately?
-- about: The latest statements with a speaker, the word that reports them, the outlet and the page to check. With --about, those in which that name, or a name with these letters, is mentioned, or which it made. Copies of an article are left out.
-- option: about: NAME or part of a name
WITH wanted AS (
  SELECT article_id, revision_id, quote_index
  FROM quotes
  WHERE coalesce(speaker_name, speaker_text) IS NOT NULL
    AND (
      getvariable('about') IS NULL
      OR contains(lower(coalesce(speaker_name, speaker_text)), lower(CAST(getvariable('about') AS VARCHAR)))
    )
  UNION
  SELECT article_id, revision_id, quote_index
  FROM entities
  WHERE quote_index IS NOT NULL
    AND contains(lower(coalesce(entity_name, entity_text)), lower(CAST(getvariable('about') AS VARCHAR)))
), latest AS (
  SELECT w.article_id, w.revision_id, w.quote_index, a.publisher, a.published_at, a.url
  FROM wanted w JOIN articles a ON a.article_id = w.article_id AND a.revision_id = w.revision_id
  WHERE NOT a.is_copy
)
SELECT
  coalesce(q.speaker_name, q.speaker_text) AS speaker,
  q.cue_text AS cue,
  q.quote_text AS quote,
  q.quote_type,
  n.publisher,
  n.published_at,
  n.url,
  q.article_id,
  q.start_char,
  q.end_char
FROM quotes q
JOIN latest n ON n.article_id = q.article_id AND n.revision_id = q.revision_id AND n.quote_index = q.quote_index
WHERE coalesce(q.speaker_name, q.speaker_text) IS NOT NULL
ORDER BY n.published_at DESC NULLS LAST, q.article_id, q.quote_index
LIMIT 50;
