-- title: How long after an event is it reported?
-- about: Median number of days from an event to the article that reports it, by publisher. Only events that happened and have an exact day in the text are counted. Each event counts once per article; duplicate articles are included. The column "first_reports" is the number of events that no earlier article reported.
-- chart: bar x=median_days y=publisher
WITH reports AS (
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
), placed AS (
  SELECT
    article_id, revision_id, days,
    row_number() OVER (PARTITION BY event_cluster_id ORDER BY published_at, article_id) AS place
  FROM reports
)
SELECT
  a.publisher,
  median(p.days) AS median_days,
  count(*) AS events,
  CAST(sum(CASE WHEN p.place = 1 THEN 1 ELSE 0 END) AS BIGINT) AS first_reports
FROM placed p JOIN articles_stored a ON a.article_id = p.article_id AND a.revision_id = p.revision_id
GROUP BY a.publisher
ORDER BY median_days, events DESC, a.publisher NULLS LAST;

-- counted:
SELECT
  count(DISTINCT (article_id, event_cluster_id)) FILTER (is_dated) AS "reports of dated events",
  count(DISTINCT event_cluster_id) FILTER (is_dated) AS events,
  count(DISTINCT (article_id, event_cluster_id)) FILTER (NOT is_dated) AS "excluded: reports of planned or future events, or of events without a day in the text"
FROM (
  SELECT
    e.article_id,
    e.event_cluster_id,
    bool_or(coalesce(
      e.modality = 'happened'
      AND e.event_date_precision = 'day'
      AND e.event_date_basis IN ('explicit', 'relative')
      AND e.event_date <= a.published_at::DATE, false)) AS is_dated
  FROM events e JOIN articles a USING (article_id, revision_id)
  GROUP BY ALL
);
