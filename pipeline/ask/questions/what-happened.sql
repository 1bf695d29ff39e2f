-- title: What happened?
-- about: Events that the text reports as done, the latest first. One row an event and article; copies are left out.
SELECT
  e.event_date,
  e.event_date_precision AS precision,
  e.event_type,
  CASE WHEN len(e.actors) > 0 THEN array_to_string(e.actors, ', ') ELSE coalesce(e.actor_name, e.actor_text) END AS actors,
  CASE WHEN len(e.recipients) > 0 THEN array_to_string(e.recipients, ', ')
       ELSE coalesce(e.recipient_name, e.recipient_text) END AS recipients,
  e.place_text AS place,
  e.trigger_text AS word,
  a.title,
  a.publisher,
  a.url
FROM events e JOIN articles a USING (article_id, revision_id)
WHERE e.modality = 'happened' AND e.event_index = e.same_event_index AND NOT a.is_copy
ORDER BY e.event_date DESC NULLS LAST, e.salience DESC, e.article_id, e.event_index
LIMIT 50;
