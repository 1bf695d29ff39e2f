-- title: Which quotes spread, and which publisher had them first?
-- group: quotes
-- about: Direct and mixed quotes that at least two outlets published, complete or in part. The column "median_lag_hours" is the median of the hours since the first publication, over all publications with a time of day. The first publication counts as 0 hours. Publications of which only the day is known are in no order inside that day: the columns "first_seen" and "median_lag_hours" are empty if the first one is such, and "first_publisher" is empty if another outlet published on that day. It is also empty if the first article is outside the selected days or source. Articles without a publication day or an outlet are excluded. At most 50 quotes are shown.
WITH repeated AS (
  SELECT DISTINCT quote_cluster_id FROM quote_clusters
  WHERE quote_cluster_id <> article_id || ':' || CAST(quote_index AS VARCHAR)
), reports AS (
  SELECT
    g.quote_cluster_id,
    g.article_id || ':' || CAST(g.quote_index AS VARCHAR) AS report_id,
    coalesce(a.outlet_key, a.publisher) AS outlet,
    a.published_at,
    CASE WHEN a.published_at_precision = 'day' THEN a.published_at + INTERVAL 1 DAY ELSE a.published_at END AS latest_at,
    CASE WHEN a.published_at_precision = 'day' THEN 1 ELSE 0 END AS is_day
  FROM quote_clusters g
  JOIN repeated r ON r.quote_cluster_id = g.quote_cluster_id
  JOIN articles_stored a ON a.article_id = g.article_id AND a.revision_id = g.revision_id
  WHERE a.published_at IS NOT NULL AND coalesce(a.outlet_key, a.publisher) IS NOT NULL
), firsts AS (
  SELECT
    quote_cluster_id,
    outlet,
    min(published_at) AS first_at,
    min(CASE WHEN is_day = 0 THEN published_at END) AS first_seen,
    min(latest_at) AS latest_at,
    min(report_id) AS report_id,
    max(CASE WHEN quote_cluster_id = report_id THEN 1 ELSE 0 END) AS is_first
  FROM reports
  GROUP BY quote_cluster_id, outlet
), travels AS (
  SELECT
    quote_cluster_id,
    CASE WHEN max(is_first) = 1 THEN quote_cluster_id ELSE min(report_id) END AS report_id,
    max(CASE WHEN is_first = 1 THEN outlet END) AS first_outlet,
    max(CASE WHEN is_first = 1 THEN latest_at END) AS known_first_at,
    min(first_at) AS first_at,
    min(first_seen) AS first_seen,
    count(*) AS outlets
  FROM firsts
  GROUP BY quote_cluster_id
  HAVING count(*) >= 2
), marked AS (
  SELECT
    t.quote_cluster_id, t.first_outlet, t.known_first_at, t.first_at, t.outlets, q.published_date, q.article_id, q.quote_index,
    CASE WHEN t.first_seen = t.first_at THEN t.first_seen END AS first_seen
  FROM travels t
  JOIN quotes_stored q
    ON q.article_id = split_part(t.report_id, ':', 1) AND q.quote_index = CAST(split_part(t.report_id, ':', 2) AS INTEGER)
  WHERE q.quote_type <> 'indirect'
  ORDER BY t.outlets DESC, t.first_at, t.quote_cluster_id
  LIMIT 50
), rivals AS (
  SELECT DISTINCT m.quote_cluster_id
  FROM marked m
  JOIN reports p ON p.quote_cluster_id = m.quote_cluster_id
  WHERE p.outlet <> m.first_outlet AND p.published_at < m.known_first_at
), lags AS (
  SELECT m.quote_cluster_id, quantile_cont(epoch(p.published_at) - epoch(m.first_seen), 0.5) AS seconds
  FROM marked m
  JOIN reports p ON p.quote_cluster_id = m.quote_cluster_id
  WHERE p.is_day = 0 AND m.first_seen IS NOT NULL
  GROUP BY m.quote_cluster_id
)
SELECT
  q.quote_text AS quote,
  coalesce(p.person_name, q.speaker_name) AS speaker,
  CAST(m.first_at AS DATE) AS first_day,
  m.first_seen,
  o.publisher AS first_publisher,
  m.outlets,
  round(l.seconds / 3600, 1) AS median_lag_hours
FROM marked m
JOIN quotes_stored q
  ON q.published_date = m.published_date AND q.article_id = m.article_id AND q.quote_index = m.quote_index
LEFT JOIN person_links p
  ON p.article_id = q.article_id AND p.revision_id = q.revision_id AND p.cluster_index = q.speaker_cluster_index
LEFT JOIN lags l ON l.quote_cluster_id = m.quote_cluster_id
LEFT JOIN rivals r ON r.quote_cluster_id = m.quote_cluster_id
LEFT JOIN outlets o ON o.outlet = CASE WHEN r.quote_cluster_id IS NULL THEN m.first_outlet END
ORDER BY m.outlets DESC, m.first_at, m.quote_cluster_id;
