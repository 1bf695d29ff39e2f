-- title: What happened?
-- group: events
-- about: Events that happened according to their latest report, latest date first. One row per event, over all articles. The column "independent_reports" is the number of articles that report the event; an article and its duplicates count once. Main events of an article come first on each date. Events below the confidence of the option "min-confidence" are excluded. The columns "sentence" and "publisher" come from one article. They are empty if this article is outside the selected days or source. The first 50 events are shown.
-- option: min_confidence: SHARE from 0 to 1, the lowest confidence of an event; default 0.5
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
FROM event_clusters c LEFT JOIN articles a USING (article_id, revision_id)
WHERE c.modality = 'happened'
  AND c.confidence >= CAST(coalesce(getvariable('min_confidence'), '0.5') AS DOUBLE)
ORDER BY c.event_date DESC NULLS LAST, c.independent_count DESC, c.is_main DESC, c.event_cluster_id
LIMIT 50;

-- counted:
SELECT
  count(*) FILTER (is_sure) AS events,
  count(*) FILTER (NOT is_sure) AS "excluded: events below the confidence"
FROM (
  SELECT confidence >= CAST(coalesce(getvariable('min_confidence'), '0.5') AS DOUBLE) AS is_sure
  FROM event_clusters WHERE modality = 'happened'
);
