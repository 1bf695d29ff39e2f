-- title: What did each source list, and what became of it?
-- about: Pages by source and news day after the last visit to each: discovered = kept + unchanged + rejected + quarantined + pending.
SELECT
  source_key,
  news_day,
  count(*) AS discovered,
  count(*) FILTER (WHERE outcome = 'kept') AS kept,
  count(*) FILTER (WHERE outcome = 'unchanged') AS unchanged,
  count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
  count(*) FILTER (WHERE outcome = 'quarantined') AS quarantined,
  count(*) FILTER (WHERE outcome = 'pending') AS pending
FROM (
  SELECT * FROM outcomes
  QUALIFY row_number() OVER (PARTITION BY source_key, url ORDER BY seen_at DESC, outcome = 'pending', run_id DESC) = 1
)
GROUP BY source_key, news_day
ORDER BY news_day DESC, source_key;
