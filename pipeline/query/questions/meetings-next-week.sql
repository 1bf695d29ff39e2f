-- title: Which meetings are planned for next week?
-- about: Consultations announced for the seven days from the Monday after the latest article. One row per meeting; duplicates of a report count once. Sentence and publisher are empty if the report is outside the selection.
WITH next AS (SELECT date_trunc('week', max(published_date) + INTERVAL 7 DAY)::DATE AS monday FROM articles)
SELECT
  c.event_date,
  c.event_date_precision AS precision,
  array_to_string(c.actors, ', ') AS actors,
  array_to_string(c.recipients, ', ') AS recipients,
  c.place_text AS place,
  c.independent_count AS reports,
  substring(a.text, c.sentence_start_char + 1, c.sentence_end_char - c.sentence_start_char) AS sentence,
  a.publisher
FROM event_clusters c LEFT JOIN articles a USING (article_id, revision_id), next
WHERE c.event_type = 'CONSULT' AND c.modality = 'planned'
  AND c.event_date < next.monday + INTERVAL 7 DAY AND coalesce(c.event_date_end, c.event_date) >= next.monday
ORDER BY c.event_date, c.event_cluster_id;
