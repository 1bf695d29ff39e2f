-- title: How long after an event is it reported?
-- group: events
-- about: Median number of days from an event to the article that reports it, by outlet. Only events that happened and have an exact day in the text are counted. Each event counts once per article; duplicate articles are included. Events below the confidence of the option "min-confidence" are excluded. The column "first_reports" is the number of events that no earlier article reported. Articles of one day are in no order if only the day of the first one is known: then none of them is the first report.
-- option: min_confidence: SHARE from 0 to 1, the lowest confidence of an event; default 0.5
-- chart: bar x=median_days y=publisher
WITH reports AS (
  SELECT
    e.event_cluster_id,
    e.article_id,
    e.revision_id,
    min(e.published_at) AS published_at,
    min(date_diff('day', e.event_date, CAST(e.published_at AS DATE))) AS days
  FROM events e JOIN events_stored m
    ON m.article_id = e.article_id AND m.revision_id = e.revision_id AND m.coref_event_index = e.event_index
  WHERE e.modality = 'happened'
    AND e.event_date_precision = 'day'
    AND e.event_date_basis IN ('explicit', 'relative')
    AND e.event_date <= CAST(e.published_at AS DATE)
    AND m.confidence >= CAST(coalesce(getvariable('min_confidence'), '0.5') AS DOUBLE)
  GROUP BY e.event_cluster_id, e.article_id, e.revision_id
), timed AS (
  SELECT
    r.event_cluster_id, r.article_id, r.published_at, r.days, coalesce(a.outlet_key, a.publisher) AS outlet,
    CASE WHEN a.published_at_precision = 'day' THEN 1 ELSE 0 END AS is_day
  FROM reports r JOIN articles_stored a ON a.article_id = r.article_id AND a.revision_id = r.revision_id
), placed AS (
  SELECT
    event_cluster_id, outlet, published_at, days, is_day,
    row_number() OVER (PARTITION BY event_cluster_id ORDER BY published_at, is_day, article_id) AS place
  FROM timed
), counted AS (
  SELECT
    p.outlet,
    median(p.days) AS median_days,
    count(*) AS events,
    sum(CASE
      WHEN p.place > 1 THEN 0
      WHEN p.is_day = 1 AND s.published_at < p.published_at + INTERVAL 1 DAY THEN 0
      ELSE 1
    END) AS first_reports
  FROM placed p LEFT JOIN placed s ON s.event_cluster_id = p.event_cluster_id AND s.place = 2
  GROUP BY p.outlet
)
SELECT o.publisher, c.median_days, c.events, CAST(c.first_reports AS BIGINT) AS first_reports
FROM counted c LEFT JOIN outlets o ON o.outlet = c.outlet
ORDER BY c.median_days, c.events DESC, o.publisher NULLS LAST, c.outlet;

-- counted:
SELECT
  count(*) FILTER (is_dated) AS "reports of dated events",
  count(DISTINCT event_cluster_id) FILTER (is_dated) AS events,
  count(*) FILTER (NOT is_dated) AS "excluded: reports of planned or future events, of events without a day in the text, or of events below the confidence"
FROM (
  SELECT
    e.article_id,
    e.event_cluster_id,
    bool_or(coalesce(
      e.modality = 'happened'
      AND e.event_date_precision = 'day'
      AND e.event_date_basis IN ('explicit', 'relative')
      AND e.event_date <= a.published_at::DATE
      AND e.confidence >= CAST(coalesce(getvariable('min_confidence'), '0.5') AS DOUBLE), false)) AS is_dated
  FROM article_events e JOIN articles_stored a USING (article_id, revision_id)
  GROUP BY ALL
);
