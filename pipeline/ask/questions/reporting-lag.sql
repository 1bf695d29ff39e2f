-- title: How long after an event is it reported?
-- about: Days from an event that the text dates to the article, by outlet. One row of an event and article counts; dates guessed from the tense are left out. First are the events that no other outlet told of before.
-- chart: bar x=median_days y=publisher
WITH told AS (
  SELECT
    a.publisher,
    date_diff('day', e.event_date, a.published_at::DATE) AS days,
    row_number() OVER (PARTITION BY e.event_cluster_id ORDER BY a.published_at, a.article_id, e.event_index) = 1 AS is_first
  FROM events e JOIN articles a USING (article_id, revision_id)
  WHERE e.modality = 'happened'
    AND e.event_date_precision = 'day'
    AND e.event_date_basis IN ('explicit', 'relative')
    AND e.event_date <= a.published_at::DATE
  QUALIFY row_number() OVER (PARTITION BY e.article_id, e.event_cluster_id ORDER BY e.event_index) = 1
)
SELECT publisher, median(days) AS median_days, count(*) AS events, count(*) FILTER (WHERE is_first) AS first
FROM told
GROUP BY publisher
ORDER BY median_days, events DESC, publisher NULLS LAST;

-- counted:
SELECT
  count(DISTINCT (article_id, event_cluster_id)) FILTER (is_dated) AS "reports of dated events",
  count(DISTINCT event_cluster_id) FILTER (is_dated) AS events,
  count(DISTINCT (article_id, event_cluster_id)) FILTER (NOT is_dated) AS "left out: reports of events without a day in the text, planned, or yet to come"
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
