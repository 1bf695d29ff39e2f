-- title: Which quotations travel, and who had them first?
-- about: Quotations that at least two outlets print, whole or cut, with the first outlet and the hours until half of the reports were out.
SELECT
  arg_min(q.quote_text, (a.published_at, a.article_id, q.quote_index)) AS quote,
  arg_min(q.speaker_name, (a.published_at, a.article_id, q.quote_index)) AS speaker,
  min(a.published_at) AS first_seen,
  arg_min(a.publisher, (a.published_at, a.article_id)) AS first_outlet,
  count(DISTINCT a.publisher) AS outlets,
  round((quantile_cont(epoch(a.published_at), 0.5) - min(epoch(a.published_at))) / 3600, 1) AS median_lag_hours
FROM quotes q JOIN articles a USING (article_id, revision_id)
WHERE q.quote_type <> 'indirect' AND a.published_at IS NOT NULL AND a.publisher IS NOT NULL
GROUP BY q.quote_group_id
HAVING count(DISTINCT a.publisher) >= 2
ORDER BY outlets DESC, first_seen, q.quote_group_id
LIMIT 50;
