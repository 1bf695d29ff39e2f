-- title: What is planned?
-- group: events
-- about: Planned events that are not over on the day of the latest article, earliest date first. One row per event, over all articles. Undated plans come last; they are shown if they are the main event of an article of the last 28 days. Plans are excluded if a later article reports that the event happened. The column "independent_reports" is the number of articles that report the event; an article and its duplicates count once. Events below the confidence of the option "min-confidence" are excluded. The columns "sentence" and "publisher" come from one article. They are empty if this article is outside the selected days or source. The first 50 events are shown.
-- option: min_confidence: SHARE from 0 to 1, the lowest confidence of an event; default 0.5
WITH latest AS (
  SELECT max(published_date) AS today FROM articles
), realized AS (
  SELECT DISTINCT planned_cluster_id AS event_cluster_id FROM event_clusters WHERE planned_cluster_id IS NOT NULL
)
SELECT
  c.event_date,
  c.event_date_precision AS precision,
  c.event_type,
  array_to_string(c.actors, ', ') AS actors,
  array_to_string(c.recipients, ', ') AS recipients,
  c.place_text AS place,
  c.independent_count AS independent_reports,
  substring(a.text, c.sentence_start_char + 1, c.sentence_end_char - c.sentence_start_char) AS sentence,
  a.publisher,
  a.url
FROM event_clusters c
CROSS JOIN latest
LEFT JOIN realized r ON r.event_cluster_id = c.event_cluster_id
LEFT JOIN articles a ON a.article_id = c.article_id AND a.revision_id = c.revision_id
WHERE c.modality = 'planned'
  AND r.event_cluster_id IS NULL
  AND c.confidence >= CAST(coalesce(getvariable('min_confidence'), '0.5') AS DOUBLE)
  AND (
    coalesce(c.event_date_end, c.event_date) >= latest.today
    OR (c.event_date IS NULL AND c.is_main AND CAST(c.last_reported_at AS DATE) > latest.today - INTERVAL 28 DAY)
  )
ORDER BY c.event_date NULLS LAST, c.independent_count DESC, c.is_main DESC, c.event_cluster_id
LIMIT 50;

-- counted:
SELECT
  count(*) FILTER (is_sure) AS events,
  count(*) FILTER (NOT is_sure) AS "excluded: events that are over, happened, are undated and no main event of a new article, or are below the confidence"
FROM (
  SELECT
    r.event_cluster_id IS NULL
    AND c.confidence >= CAST(coalesce(getvariable('min_confidence'), '0.5') AS DOUBLE)
    AND coalesce(
      coalesce(c.event_date_end, c.event_date) >= latest.today
      OR (c.event_date IS NULL AND c.is_main AND CAST(c.last_reported_at AS DATE) > latest.today - INTERVAL 28 DAY),
      false) AS is_sure
  FROM event_clusters c
  CROSS JOIN (SELECT max(published_date) AS today FROM articles) latest
  LEFT JOIN (
    SELECT DISTINCT planned_cluster_id AS event_cluster_id FROM event_clusters WHERE planned_cluster_id IS NOT NULL
  ) r ON r.event_cluster_id = c.event_cluster_id
  WHERE c.modality = 'planned'
);
