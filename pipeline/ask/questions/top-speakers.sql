-- title: Who is quoted most?
-- about: Named people by quoted words. A quotation that several articles print, whole or cut, counts once, as it was printed first; outlets are all that print words of the speaker.
WITH said AS (
  SELECT
    coalesce(speaker_entity_id, speaker_name) AS speaker_id,
    max(speaker_name) AS speaker,
    count(*) AS quotes,
    sum(word_count) AS words
  FROM quotes
  WHERE speaker_kind = 'person' AND speaker_name IS NOT NULL
    AND quote_group_id = article_id || ':' || CAST(quote_index AS VARCHAR)
  GROUP BY coalesce(speaker_entity_id, speaker_name)
), most AS (
  SELECT speaker_id, speaker, quotes, words FROM said ORDER BY words DESC, quotes DESC, speaker, speaker_id LIMIT 20
), printed AS (
  SELECT m.speaker_id, count(DISTINCT a.publisher) AS outlets
  FROM quotes q
  JOIN most m ON m.speaker_id = coalesce(q.speaker_entity_id, q.speaker_name)
  JOIN articles a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  WHERE q.speaker_kind = 'person'
  GROUP BY m.speaker_id
)
SELECT m.speaker, m.quotes, CAST(m.words AS BIGINT) AS words, p.outlets
FROM most m JOIN printed p ON p.speaker_id = m.speaker_id
ORDER BY m.words DESC, m.quotes DESC, m.speaker, m.speaker_id;
