-- title: Which days have unreliable data?
-- group: quality
-- about: Days on which a source has less than half or more than twice its usual number of articles (the median of its days), or more than 30 % guessed dates. Each row also has the number of rejected and quarantined pages with this news day, and their most frequent reason. The latest 500 rows are shown.
-- chart: heat x=day y=source_key colour=articles
WITH daily AS (
  SELECT
    source_key,
    published_date,
    count(*) AS articles,
    sum(CASE WHEN published_at_method IN ('unknown', 'url', 'htmldate') THEN 1 ELSE 0 END) / count(*) AS share_guessed
  FROM articles_stored
  GROUP BY source_key, published_date
), usual AS (
  SELECT source_key, median(articles) AS articles FROM daily GROUP BY source_key
), reasons AS (
  SELECT source_key, news_day, reason, count(DISTINCT url) AS pages
  FROM outcomes
  WHERE outcome IN ('rejected', 'quarantined')
  GROUP BY source_key, news_day, reason
), ranked AS (
  SELECT
    source_key, news_day, reason,
    sum(pages) OVER (PARTITION BY source_key, news_day) AS pages,
    row_number() OVER (PARTITION BY source_key, news_day ORDER BY pages DESC, reason) AS place
  FROM reasons
)
SELECT
  d.source_key,
  d.published_date AS day,
  d.articles,
  u.articles AS usual_articles,
  round(d.share_guessed, 3) AS share_guessed_dates,
  CAST(coalesce(r.pages, 0) AS BIGINT) AS excluded_pages,
  r.reason AS most_frequent_reason
FROM daily d
JOIN usual u ON u.source_key = d.source_key
LEFT JOIN ranked r ON r.source_key = d.source_key AND r.news_day = d.published_date AND r.place = 1
WHERE d.articles < u.articles * 0.5 OR d.articles > u.articles * 2 OR d.share_guessed > 0.3
ORDER BY day DESC, d.source_key
LIMIT 500;

-- counted:
SELECT
  count(*) AS articles, count(DISTINCT source_key) AS sources,
  count(*) FILTER (published_at_method IN ('unknown', 'url', 'htmldate')) AS "articles with a guessed date"
FROM articles_stored;
