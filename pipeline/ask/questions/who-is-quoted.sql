-- title: Who is quoted most?
-- about: Named people by quoted words. A quotation that several outlets print in the same article counts once.
SELECT
  min(speaker_name) AS speaker,
  count(*) AS quotes,
  sum(word_count)::BIGINT AS words,
  count(DISTINCT publisher) AS outlets
FROM (
  SELECT q.speaker_name, q.speaker_entity_id, q.speaker_kind, q.word_count, a.publisher
  FROM quotes q JOIN articles a USING (article_id, revision_id)
  QUALIFY row_number() OVER (
    PARTITION BY a.dup_group_id, q.quote_norm_id ORDER BY a.published_at, a.article_id, q.quote_index) = 1
)
WHERE speaker_kind = 'person' AND speaker_name IS NOT NULL
GROUP BY coalesce(speaker_entity_id, speaker_name)
ORDER BY words DESC, quotes DESC, speaker
LIMIT 20;
