-- title: Who said what lately?
-- about: The latest statements with a speaker, the word that reports them, the outlet and the page to check.
SELECT
  coalesce(q.speaker_name, q.speaker_text) AS speaker,
  q.cue_text AS cue,
  q.quote_text AS quote,
  q.quote_type,
  a.publisher,
  a.published_at,
  a.url,
  q.article_id,
  q.start_char,
  q.end_char
FROM quotes q JOIN articles a USING (article_id, revision_id)
WHERE coalesce(q.speaker_name, q.speaker_text) IS NOT NULL AND NOT a.is_copy
ORDER BY a.published_at DESC NULLS LAST, q.article_id, q.quote_index
LIMIT 50;
