-- title: Who is quoted most?
-- about: Named people by quoted words. A quotation that several articles print, whole or cut, counts once, by its longest print.
-- chart: bar x=words y=speaker
WITH said AS (
  SELECT
    q.quote_group_id,
    arg_max(q.speaker_name, (q.word_count, q.speaker_name)) AS speaker_name,
    arg_max(q.speaker_entity_id, (q.word_count, q.speaker_name)) AS speaker_entity_id,
    max(q.word_count) AS word_count,
    list(DISTINCT a.publisher) AS publishers
  FROM quotes q JOIN articles a USING (article_id, revision_id)
  WHERE q.speaker_kind = 'person' AND q.speaker_name IS NOT NULL
  GROUP BY q.quote_group_id
)
SELECT
  max(speaker_name) AS speaker,
  count(*) AS quotes,
  sum(word_count)::BIGINT AS words,
  len(list_distinct(flatten(list(publishers)))) AS outlets
FROM said
GROUP BY coalesce(speaker_entity_id, speaker_name)
ORDER BY words DESC, quotes DESC, speaker
LIMIT 20;

-- counted:
SELECT
  count(DISTINCT quote_group_id) FILTER (is_named) AS "quotations by named people",
  count(DISTINCT coalesce(speaker_entity_id, speaker_name)) FILTER (is_named) AS people,
  count(DISTINCT article_id) FILTER (is_named) AS articles,
  count(*) FILTER (NOT is_named) AS "left out: quotes without a named person"
FROM (SELECT *, speaker_kind IS NOT DISTINCT FROM 'person' AND speaker_name IS NOT NULL AS is_named FROM quotes);
