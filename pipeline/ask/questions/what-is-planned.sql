-- title: What is planned?
-- about: Events that the text announces, the next first. One row an event and article; copies of an article are left out.
SELECT
  e.event_date,
  e.event_date_precision AS precision,
  e.event_type,
  CASE WHEN len(e.actors) > 0 THEN array_to_string(e.actors, ', ') ELSE coalesce(e.actor_name, e.actor_text) END AS actors,
  CASE WHEN len(e.recipients) > 0 THEN array_to_string(e.recipients, ', ')
       ELSE coalesce(e.recipient_name, e.recipient_text) END AS recipients,
  e.trigger_text AS word,
  e.event_date_text AS date_words,
  a.title,
  a.publisher,
  a.url
FROM events e JOIN articles a USING (article_id, revision_id)
WHERE e.modality = 'planned' AND e.event_index = e.same_event_index AND NOT a.is_copy
ORDER BY e.event_date NULLS LAST, e.salience DESC, e.article_id, e.event_index
LIMIT 50;
