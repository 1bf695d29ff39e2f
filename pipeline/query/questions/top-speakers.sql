-- title: Who is quoted most?
-- group: people
-- about: Named people by number of quoted words. A surname counts for the person with that full name in other articles of the day, if there is evidence (table person_links). A statement by several people counts for the first of them, not for those in the column co_speakers. A quote that several articles publish, complete or in part, counts once. The column "outlets" is the number of all outlets that quote the person; an article without an outlet counts by its domain, or else by its source. The first 20 people are shown.
-- chart: bar x=words y=speaker
WITH quoted AS (
  SELECT
    coalesce(q.speaker_person_id, q.speaker_name) AS speaker_id,
    coalesce(a.outlet_key, a.publisher, a.domain, a.source_key) AS outlet,
    max(q.speaker_person_name) AS speaker,
    sum(CASE WHEN q.is_repeat THEN 0 ELSE 1 END) AS quotes,
    sum(CASE WHEN q.is_repeat THEN 0 ELSE q.word_count END) AS words
  FROM quotes q JOIN articles_stored a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  WHERE q.speaker_kind = 'person' AND q.speaker_name IS NOT NULL
  GROUP BY coalesce(q.speaker_person_id, q.speaker_name), coalesce(a.outlet_key, a.publisher, a.domain, a.source_key)
)
SELECT
  max(speaker) AS speaker,
  CAST(sum(quotes) AS BIGINT) AS quotes,
  CAST(sum(words) AS BIGINT) AS words,
  count(*) AS outlets
FROM quoted
GROUP BY speaker_id
HAVING sum(quotes) > 0
ORDER BY words DESC, quotes DESC, speaker, speaker_id
LIMIT 20;

-- counted:
SELECT
  count(DISTINCT quote_cluster_id) FILTER (is_named) AS "quotes by named people (distinct)",
  count(DISTINCT coalesce(speaker_person_id, speaker_name)) FILTER (is_named) AS people,
  count(DISTINCT article_id) FILTER (is_named) AS articles,
  count(*) FILTER (NOT is_named) AS "excluded: quotes without a named person"
FROM (SELECT *, speaker_kind IS NOT DISTINCT FROM 'person' AND speaker_name IS NOT NULL AS is_named FROM quotes);
