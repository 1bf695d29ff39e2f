-- title: Which quotes spread, and which publisher had them first?
-- about: Direct and mixed quotes that at least two publishers published, complete or in part. The column "median_lag_hours" is the median of the hours since the first publication, over all publications of the quote. The first publication counts as 0 hours. Articles without a publication time or a publisher are excluded. If the first article is outside the selected days or source, the column "first_publisher" is empty. At most 50 quotes are shown.
WITH repeated AS (
  SELECT DISTINCT quote_cluster_id FROM quote_clusters
  WHERE quote_cluster_id <> article_id || ':' || CAST(quote_index AS VARCHAR)
), reports AS (
  SELECT
    g.quote_cluster_id,
    g.article_id || ':' || CAST(g.quote_index AS VARCHAR) AS report_id,
    a.publisher,
    a.published_at
  FROM quote_clusters g
  JOIN repeated r ON r.quote_cluster_id = g.quote_cluster_id
  JOIN articles_stored a ON a.article_id = g.article_id AND a.revision_id = g.revision_id
  WHERE a.published_at IS NOT NULL AND a.publisher IS NOT NULL
), firsts AS (
  SELECT
    quote_cluster_id,
    publisher,
    min(published_at) AS first_seen,
    min(report_id) AS report_id,
    max(CASE WHEN quote_cluster_id = report_id THEN 1 ELSE 0 END) AS is_first
  FROM reports
  GROUP BY quote_cluster_id, publisher
), travels AS (
  SELECT
    quote_cluster_id,
    CASE WHEN max(is_first) = 1 THEN quote_cluster_id ELSE min(report_id) END AS report_id,
    max(CASE WHEN is_first = 1 THEN publisher END) AS first_publisher,
    min(first_seen) AS first_seen,
    count(*) AS publishers
  FROM firsts
  GROUP BY quote_cluster_id
  HAVING count(*) >= 2
), marked AS (
  SELECT t.quote_cluster_id, t.first_publisher, t.first_seen, t.publishers, q.published_date, q.article_id, q.quote_index
  FROM travels t
  JOIN quotes_stored q
    ON q.article_id = split_part(t.report_id, ':', 1) AND q.quote_index = CAST(split_part(t.report_id, ':', 2) AS INTEGER)
  WHERE q.quote_type <> 'indirect'
  ORDER BY t.publishers DESC, t.first_seen, t.quote_cluster_id
  LIMIT 50
), lags AS (
  SELECT m.quote_cluster_id, quantile_cont(epoch(p.published_at) - epoch(m.first_seen), 0.5) AS seconds
  FROM marked m
  JOIN reports p ON p.quote_cluster_id = m.quote_cluster_id
  GROUP BY m.quote_cluster_id
)
SELECT
  q.quote_text AS quote,
  q.speaker_name AS speaker,
  m.first_seen,
  m.first_publisher,
  m.publishers,
  round(l.seconds / 3600, 1) AS median_lag_hours
FROM marked m
JOIN lags l ON l.quote_cluster_id = m.quote_cluster_id
JOIN quotes_stored q
  ON q.published_date = m.published_date AND q.article_id = m.article_id AND q.quote_index = m.quote_index
ORDER BY m.publishers DESC, m.first_seen, m.quote_cluster_id;
