-- title: Which pages did each source list, and with which outcome?
-- group: quality
-- about: Pages by source and news day: "discovered" is the sum of "kept", "unchanged", "not_checked", "rejected", "quarantined" and "pending". Each page counts with its latest outcome, but the outcomes "unchanged" and "not_checked" never replace another outcome. An archived page is "unchanged" as soon as its article is processed, also as a page of another source. If the listing of a source could not be fetched, this failure counts as one page. It no longer counts when a page of the source has a newer outcome.
-- chart: heat x=news_day y=source_key colour=discovered
WITH decisions AS (
  SELECT article_id, max(decided_at) AS article_decided_at
  FROM outcomes
  WHERE stage IN ('derive', 'commit') AND outcome <> 'pending' AND coalesce(reason, '') <> 'duplicate_url'
  GROUP BY article_id
),
seen AS (
  SELECT
    source_key, url, run_id, news_day, stage, decided_at, outcome AS logged,
    outcome = 'pending' AND reason = 'archived' AND decided_at <= article_decided_at AS is_settled
  FROM outcomes LEFT JOIN decisions USING (article_id)
),
statuses AS (
  SELECT
    source_key, url, run_id, news_day, stage, decided_at,
    CASE WHEN is_settled THEN 'unchanged' ELSE logged END AS outcome
  FROM seen
),
last AS (
  SELECT * FROM statuses
  QUALIFY row_number() OVER (
    PARTITION BY source_key, url
    ORDER BY outcome = 'not_checked', outcome = 'unchanged', decided_at DESC, outcome = 'pending', run_id DESC,
      stage DESC, outcome DESC
  ) = 1
),
visits AS (SELECT source_key, max(decided_at) AS visited_at FROM outcomes WHERE stage <> 'discover' GROUP BY source_key)
SELECT
  source_key,
  news_day,
  count(*) AS discovered,
  count(*) FILTER (WHERE outcome = 'kept') AS kept,
  count(*) FILTER (WHERE outcome = 'unchanged') AS unchanged,
  count(*) FILTER (WHERE outcome = 'not_checked') AS not_checked,
  count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
  count(*) FILTER (WHERE outcome = 'quarantined') AS quarantined,
  count(*) FILTER (WHERE outcome = 'pending') AS pending
FROM last LEFT JOIN visits USING (source_key)
WHERE stage <> 'discover' OR visited_at IS NULL OR decided_at > visited_at
GROUP BY source_key, news_day
ORDER BY news_day DESC, source_key;

-- counted:
SELECT
  count(DISTINCT (source_key, url)) AS pages, count(DISTINCT source_key) AS sources,
  min(news_day) AS first_day, max(news_day) AS last_day
FROM outcomes;
