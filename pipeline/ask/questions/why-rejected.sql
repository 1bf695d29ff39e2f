-- title: Which pages were left out, or wait, and why?
-- about: Pages rejected, quarantined or waiting for another try, by reason. The last verdict on a page counts; a visit that found it unchanged gives none.
SELECT
  source_key,
  outcome,
  reason,
  count(*) AS pages,
  arg_max(url, (seen_at, url)) AS latest_url,
  arg_max(detail, (seen_at, url)) AS latest_detail
FROM (
  SELECT * FROM outcomes
  WHERE outcome <> 'unchanged'
  QUALIFY row_number() OVER (PARTITION BY source_key, url ORDER BY seen_at DESC, outcome = 'pending', run_id DESC) = 1
)
WHERE outcome IN ('rejected', 'quarantined', 'pending')
GROUP BY source_key, outcome, reason
ORDER BY pages DESC, source_key, outcome, reason;
