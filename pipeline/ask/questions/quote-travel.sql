-- title: Which quotations travel, and who had them first?
-- about: Quotations that at least two outlets print, whole or cut, with the first outlet and the hours until half of the reports were out. What has no time or no outlet is left out, and so is what is told without marks.
WITH repeated AS (
  SELECT DISTINCT quote_group_id FROM quote_groups
  WHERE quote_group_id <> article_id || ':' || CAST(quote_index AS VARCHAR)
), prints AS (
  SELECT q.quote_group_id, q.article_id, q.quote_index, a.publisher, a.published_at
  FROM quotes q
  JOIN repeated r ON r.quote_group_id = q.quote_group_id
  JOIN articles a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  WHERE q.quote_type <> 'indirect' AND a.published_at IS NOT NULL AND a.publisher IS NOT NULL
), travels AS (
  SELECT
    quote_group_id,
    min(published_at) AS first_seen,
    count(DISTINCT publisher) AS outlets,
    quantile_cont(epoch(published_at), 0.5) - min(epoch(published_at)) AS median_lag
  FROM prints
  GROUP BY quote_group_id
  HAVING count(DISTINCT publisher) >= 2
  ORDER BY outlets DESC, first_seen, quote_group_id
  LIMIT 50
), firsts AS (
  SELECT
    t.quote_group_id, t.first_seen, t.outlets, t.median_lag, p.publisher, p.article_id, p.quote_index,
    row_number() OVER (PARTITION BY t.quote_group_id ORDER BY p.article_id, p.quote_index) AS place
  FROM travels t JOIN prints p ON p.quote_group_id = t.quote_group_id AND p.published_at = t.first_seen
)
SELECT
  q.quote_text AS quote,
  q.speaker_name AS speaker,
  f.first_seen,
  f.publisher AS first_outlet,
  f.outlets,
  round(f.median_lag / 3600, 1) AS median_lag_hours
FROM firsts f JOIN quotes q ON q.article_id = f.article_id AND q.quote_index = f.quote_index
WHERE f.place = 1
ORDER BY f.outlets DESC, f.first_seen, f.quote_group_id;
