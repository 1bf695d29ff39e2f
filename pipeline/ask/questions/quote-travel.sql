-- title: Which quotations travel, and who had them first?
-- about: Quotations that at least two outlets print, whole or cut, with the first outlet and the hours until half of the reports were out. What has no time or no outlet is left out, and so is what is told without marks. No first outlet is named where the first print is not among what was asked for.
WITH repeats AS (
  SELECT quote_group_id, article_id, quote_index FROM quote_groups
  WHERE substring(quote_group_id, 1, 32) <> article_id
), prints AS (
  SELECT quote_group_id, article_id, quote_index, 0 AS is_first FROM repeats
  UNION ALL
  SELECT DISTINCT
    quote_group_id, split_part(quote_group_id, ':', 1), CAST(split_part(quote_group_id, ':', 2) AS INTEGER), 1
  FROM repeats
), reports AS (
  SELECT p.quote_group_id, p.article_id, p.quote_index, p.is_first, a.publisher, a.published_at
  FROM prints p JOIN articles_stored a ON a.article_id = p.article_id
  WHERE a.published_at IS NOT NULL AND a.publisher IS NOT NULL
), travels AS (
  SELECT
    quote_group_id,
    CASE WHEN max(is_first) = 1 THEN quote_group_id
      ELSE min(article_id || ':' || CAST(quote_index AS VARCHAR)) END AS print_id,
    max(CASE WHEN is_first = 1 THEN publisher END) AS first_outlet,
    min(published_at) AS first_seen,
    count(DISTINCT publisher) AS outlets
  FROM reports
  GROUP BY quote_group_id
  HAVING count(DISTINCT publisher) >= 2
), marked AS (
  SELECT
    t.quote_group_id, t.first_outlet, t.first_seen, t.outlets, q.quote_text, q.speaker_name
  FROM travels t
  JOIN quotes_stored q
    ON q.article_id = split_part(t.print_id, ':', 1) AND q.quote_index = CAST(split_part(t.print_id, ':', 2) AS INTEGER)
  WHERE q.quote_type <> 'indirect'
  ORDER BY t.outlets DESC, t.first_seen, t.quote_group_id
  LIMIT 50
)
SELECT
  m.quote_text AS quote,
  m.speaker_name AS speaker,
  m.first_seen,
  m.first_outlet,
  m.outlets,
  round(quantile_cont(epoch(r.published_at) - epoch(m.first_seen), 0.5) / 3600, 1) AS median_lag_hours
FROM marked m JOIN reports r ON r.quote_group_id = m.quote_group_id
GROUP BY m.quote_group_id, m.quote_text, m.speaker_name, m.first_seen, m.first_outlet, m.outlets
ORDER BY m.outlets DESC, m.first_seen, m.quote_group_id;
