-- title: Who is quoted most?
-- about: Named people by quoted words. A quotation that several articles print, whole or cut, counts once, by its longest print.
-- chart: bar x=words y=speaker
WITH prints AS (
  SELECT q.quote_group_id, q.speaker_name, q.speaker_entity_id, q.word_count, a.publisher
  FROM quotes q JOIN articles a USING (article_id, revision_id)
  WHERE q.speaker_kind = 'person' AND q.speaker_name IS NOT NULL
), said AS (
  SELECT
    quote_group_id,
    arg_max(speaker_name, (word_count, speaker_name)) AS speaker_name,
    arg_max(speaker_entity_id, (word_count, speaker_name, speaker_entity_id)) AS speaker_entity_id,
    max(word_count) AS word_count
  FROM prints GROUP BY quote_group_id
), people AS (
  SELECT quote_group_id, coalesce(speaker_entity_id, speaker_name) AS person, speaker_name, word_count FROM said
), outlets AS (
  SELECT p.person, count(DISTINCT q.publisher) AS outlets
  FROM people p JOIN prints q USING (quote_group_id)
  GROUP BY p.person
)
SELECT
  max(p.speaker_name) AS speaker,
  count(*) AS quotes,
  sum(p.word_count)::BIGINT AS words,
  max(o.outlets) AS outlets
FROM people p JOIN outlets o USING (person)
GROUP BY p.person
ORDER BY words DESC, quotes DESC, speaker, p.person
LIMIT 20;
-- counted:
SELECT
  count(DISTINCT quote_group_id) FILTER (is_named) AS "quotations by named people",
  count(DISTINCT coalesce(speaker_entity_id, speaker_name)) FILTER (is_named) AS people,
  count(DISTINCT article_id) FILTER (is_named) AS articles,
  count(*) FILTER (NOT is_named) AS "left out: quotes without a named person"
FROM (SELECT *, speaker_kind IS NOT DISTINCT FROM 'person' AND speaker_name IS NOT NULL AS is_named FROM quotes);
