-- title: Who is quoted for the first time?
-- group: people
-- about: Named people whose first quote in the lake is from the 30 days up to the newest article. The column "outlets" is the number of outlets that quote them; an article without an outlet counts by its domain, or else by its source. A statement by several people counts for the first of them. A quote without a publication time counts on its news day. Duplicate articles are included. The 50 people with the most outlets are shown.
-- chart: bar x=quotes y=speaker
WITH newest AS (
  SELECT max(published_date) AS day FROM articles_stored
), outlets AS (  -- DataFusion never finishes a distinct count of coalesce over these joins
  SELECT article_id, revision_id, coalesce(outlet_key, publisher, domain, source_key) AS outlet FROM articles_stored
), said AS (
  SELECT
    q.article_id,
    q.revision_id,
    q.published_date,
    coalesce(p.person_id, q.speaker_entity_id, q.speaker_name) AS speaker_id,
    coalesce(p.person_name, q.speaker_name) AS speaker
  FROM quotes_stored q LEFT JOIN person_links p
    ON p.article_id = q.article_id AND p.revision_id = q.revision_id AND p.cluster_index = q.speaker_cluster_index
  WHERE q.speaker_kind = 'person' AND q.speaker_name IS NOT NULL
), voices AS (
  SELECT speaker_id, max(speaker) AS speaker, min(published_date) AS first_day, count(*) AS quotes
  FROM said
  GROUP BY speaker_id
), fresh AS (
  SELECT h.speaker_id, h.speaker, h.first_day, h.quotes
  FROM voices h CROSS JOIN newest n
  WHERE date_diff('day', h.first_day, n.day) < 30
), recent AS (
  SELECT s.article_id, s.revision_id, s.published_date, s.speaker_id
  FROM said s CROSS JOIN newest n
  WHERE date_diff('day', s.published_date, n.day) < 30
), quoted AS (
  SELECT f.speaker_id, count(DISTINCT a.outlet) AS outlets
  FROM fresh f
  JOIN recent q ON q.speaker_id = f.speaker_id AND q.published_date >= f.first_day
  JOIN outlets a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  GROUP BY f.speaker_id
)
SELECT f.speaker, f.first_day, f.quotes, p.outlets
FROM fresh f JOIN quoted p ON p.speaker_id = f.speaker_id
ORDER BY p.outlets DESC, f.quotes DESC, f.speaker, f.speaker_id
LIMIT 50;

-- counted:
SELECT
  count(*) FILTER (is_named) AS "quotes by named people",
  count(DISTINCT coalesce(speaker_person_id, speaker_name)) FILTER (is_named) AS people,
  count(DISTINCT article_id) FILTER (is_named) AS articles,
  count(*) FILTER (NOT is_named) AS "excluded: quotes without a named person"
FROM (SELECT *, speaker_kind IS NOT DISTINCT FROM 'person' AND speaker_name IS NOT NULL AS is_named FROM quotes);
