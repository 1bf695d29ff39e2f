-- title: Which events are reported, and by how many independent outlets?
-- group: events
-- about: One row per event, over all articles, latest report first. The column "independent_count" is the number of articles that report the event; an article and its duplicates count once. The column "outlets" is the number of outlets of these articles, without duplicates; an article without an outlet counts by its domain, or else by its source. The options keep the events of one type, of one country in which they take place, and of one modality, such as happened. The option "outlets" is the lowest number of outlets, 1 by default. Events below the confidence of the option "min-confidence" are excluded. The first 100 events are shown.
-- option: type: NAME of an event type, e.g. PROTEST
-- option: country: NAME of a country as ISO 3166-1 alpha-3, e.g. CHL
-- option: modality: NAME of a modality, e.g. happened; default all
-- option: outlets: NUMBER of independent outlets, at least; default 1
-- option: min_confidence: SHARE from 0 to 1, the lowest confidence of an event; default 0.5
WITH independent AS (
  SELECT m.event_cluster_id, coalesce(a.outlet_key, a.publisher, a.domain, a.source_key) AS outlet
  FROM event_cluster_members m
  JOIN articles_stored a ON a.article_id = m.article_id AND a.revision_id = m.revision_id
  WHERE NOT m.is_duplicate
), counted AS (
  SELECT event_cluster_id, count(DISTINCT outlet) AS outlets FROM independent GROUP BY event_cluster_id
)
SELECT
  c.event_type,
  c.modality,
  c.event_date,
  array_to_string(c.actors, ', ') AS actors,
  array_to_string(c.recipients, ', ') AS recipients,
  c.place_text AS place,
  c.place_country,
  c.independent_count,
  n.outlets,
  c.confidence,
  substring(a.text, c.sentence_start_char + 1, c.sentence_end_char - c.sentence_start_char) AS sentence,
  a.publisher,
  a.url,
  c.article_id,
  c.event_index,
  c.event_cluster_id
FROM event_clusters c
JOIN counted n ON n.event_cluster_id = c.event_cluster_id
LEFT JOIN articles_stored a ON a.article_id = c.article_id AND a.revision_id = c.revision_id
WHERE (getvariable('type') IS NULL OR c.event_type = upper(CAST(getvariable('type') AS VARCHAR)))
  AND (getvariable('country') IS NULL OR c.place_country = upper(CAST(getvariable('country') AS VARCHAR)))
  AND (getvariable('modality') IS NULL OR c.modality = lower(CAST(getvariable('modality') AS VARCHAR)))
  AND c.confidence >= CAST(coalesce(getvariable('min_confidence'), '0.5') AS DOUBLE)
  AND n.outlets >= CAST(coalesce(getvariable('outlets'), '1') AS BIGINT)
ORDER BY c.last_reported_at DESC NULLS LAST, c.independent_count DESC, c.event_cluster_id
LIMIT 100;
