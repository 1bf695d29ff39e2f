-- title: Which pages were rejected or are pending, and why?
-- group: quality
-- about: Pages by reason, if their latest outcome is "rejected", "quarantined" or "pending". The outcomes "unchanged" and "not_checked" never replace another outcome. An archived page is "unchanged" as soon as its article is processed, also as a page of another source. If the listing of a source could not be fetched, this failure counts as one page. It no longer counts when a page of the source has a newer outcome.
-- chart: bar x=pages y=reason colour=outcome facet=source_key
WITH decisions AS (
  SELECT article_id, max(decided_at) AS article_decided_at
  FROM outcomes
  WHERE stage IN ('derive', 'commit') AND outcome <> 'pending' AND coalesce(reason, '') <> 'duplicate_url'
  GROUP BY article_id
),
seen AS (
  SELECT
    source_key, url, run_id, news_day, stage, reason, detail, decided_at, outcome AS logged,
    outcome = 'pending' AND reason = 'archived' AND decided_at <= article_decided_at AS is_settled
  FROM outcomes LEFT JOIN decisions USING (article_id)
),
statuses AS (
  SELECT
    source_key, url, run_id, news_day, stage, reason, detail, decided_at,
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
  outcome,
  reason,
  count(*) AS pages,
  arg_max(url, (decided_at, url)) AS latest_url,
  arg_max(detail, (decided_at, url)) AS latest_detail
FROM last LEFT JOIN visits USING (source_key)
WHERE outcome IN ('rejected', 'quarantined', 'pending')
  AND (stage <> 'discover' OR visited_at IS NULL OR decided_at > visited_at)
GROUP BY source_key, outcome, reason
ORDER BY pages DESC, source_key, outcome, reason;

-- counted:
SELECT
  count(DISTINCT (source_key, url)) AS "pages seen", count(DISTINCT source_key) AS sources,
  min(news_day) AS first_day, max(news_day) AS last_day
FROM outcomes;
