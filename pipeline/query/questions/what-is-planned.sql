-- title: What is planned?
-- about: Events that are planned according to their latest report, earliest date first. One row per event, over all articles. The column "independent_reports" is the number of articles that report the event; an article and its duplicates count once. The columns "sentence" and "publisher" come from one article. They are empty if this article is outside the selected days or source. The first 50 events are shown.
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
WHERE c.modality = 'planned'
ORDER BY c.event_date NULLS LAST, c.independent_count DESC, c.event_cluster_id
LIMIT 50;
