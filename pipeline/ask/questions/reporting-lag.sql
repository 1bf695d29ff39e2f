-- title: How long after an event is it reported?
-- about: Days from an event that the text dates to the article, by outlet and type. Dates guessed from the tense are left out.
SELECT
  a.publisher,
  e.event_type,
  median(date_diff('day', e.event_date, a.published_at::DATE)) AS median_days,
  count(*) AS reports
FROM events e JOIN articles a USING (article_id, revision_id)
WHERE e.modality = 'happened'
  AND e.event_date_precision = 'day'
  AND e.event_date_basis IN ('explicit', 'relative')
  AND e.event_index = e.same_event_index
  AND e.event_date <= a.published_at::DATE
GROUP BY a.publisher, e.event_type
ORDER BY median_days, reports DESC, a.publisher NULLS LAST, e.event_type;
