-- title: Which meetings are planned for next week?
-- group: events
-- about: Planned meetings, visits and talks (PLOVER type CONSULT) in the calendar week (Monday to Sunday) after that of the latest article. One row per planned event, over all articles. The column "independent_reports" is the number of articles that report the event; an article and its duplicates count once. Events below the confidence of the option "min-confidence" are excluded. The columns "sentence" and "publisher" come from one article. They are empty if this article is outside the selected days or source.
-- option: min_confidence: SHARE from 0 to 1, the lowest confidence of an event; default 0.5
WITH next AS (SELECT date_trunc('week', max(published_date) + INTERVAL 7 DAY)::DATE AS monday FROM articles)
SELECT
  c.event_date,
  c.event_date_precision AS precision,
  array_to_string(c.actors, ', ') AS actors,
  array_to_string(c.recipients, ', ') AS recipients,
  c.place_text AS place,
  c.independent_count AS independent_reports,
  substring(a.text, c.sentence_start_char + 1, c.sentence_end_char - c.sentence_start_char) AS sentence,
  a.publisher
FROM event_clusters c LEFT JOIN articles a USING (article_id, revision_id), next
WHERE c.event_type = 'CONSULT' AND c.modality = 'planned' AND c.confidence >= CAST(coalesce(getvariable('min_confidence'), '0.5') AS DOUBLE)
  AND c.event_date < next.monday + INTERVAL 7 DAY AND coalesce(c.event_date_end, c.event_date) >= next.monday
ORDER BY c.event_date, c.event_cluster_id;
