-- title: How long after an event is it reported?
-- about: Days from an event that the text dates to the article, by outlet. One row of an event and article counts, copies too; dates guessed from the tense are left out. First are the events that no other article told of before.
WITH told AS (
  SELECT
    event_cluster_id,
    article_id,
    revision_id,
    min(published_at) AS published_at,
    min(date_diff('day', event_date, CAST(published_at AS DATE))) AS days
  FROM events
  WHERE modality = 'happened'
    AND event_date_precision = 'day'
    AND event_date_basis IN ('explicit', 'relative')
    AND event_date <= CAST(published_at AS DATE)
  GROUP BY event_cluster_id, article_id, revision_id
), times AS (
  SELECT event_cluster_id, min(published_at) AS first_at FROM told GROUP BY event_cluster_id
), firsts AS (
  SELECT t.event_cluster_id, min(t.article_id) AS article_id
  FROM told t JOIN times s ON s.event_cluster_id = t.event_cluster_id AND s.first_at = t.published_at
  GROUP BY t.event_cluster_id
)
SELECT
  a.publisher,
  median(t.days) AS median_days,
  count(*) AS events,
  count(f.article_id) AS first
FROM told t
JOIN articles a ON a.article_id = t.article_id AND a.revision_id = t.revision_id
LEFT JOIN firsts f ON f.event_cluster_id = t.event_cluster_id AND f.article_id = t.article_id
GROUP BY a.publisher
ORDER BY median_days, events DESC, a.publisher NULLS LAST;
