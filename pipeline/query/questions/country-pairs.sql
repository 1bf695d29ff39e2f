-- title: How do countries deal with each other?
-- about: Cooperation and conflict, in words and in deeds, by pair of countries and week of the first report. Events that happened, each once, beside the articles that tell of them; copies count once as independent. The 500 busiest are shown.
-- chart: line x=week y=events colour=what facet=pair
WITH dealt AS (
  SELECT
    CASE WHEN actor_country < recipient_country THEN actor_country ELSE recipient_country END AS one,
    CASE WHEN actor_country < recipient_country THEN recipient_country ELSE actor_country END AS other,
    CAST(date_trunc('week', published_date) AS DATE) AS week,
    CASE quad_class WHEN 1 THEN 'cooperation, words' WHEN 2 THEN 'cooperation, deeds'
              WHEN 3 THEN 'conflict, words' ELSE 'conflict, deeds' END AS what,
    report_count,
    independent_count
  FROM event_clusters
  WHERE modality = 'happened' AND quad_class IS NOT NULL AND actor_country <> recipient_country
)
SELECT
  one,
  other,
  week,
  what,
  count(*) AS events,
  CAST(sum(report_count) AS BIGINT) AS reports,
  CAST(sum(independent_count) AS BIGINT) AS independent_reports,
  one || ' and ' || other AS pair
FROM dealt
GROUP BY one, other, week, what
ORDER BY events DESC, reports DESC, one, other, week, what
LIMIT 500;

-- counted:
SELECT
  count(*) FILTER (is_pair) AS events,
  CAST(coalesce(sum(report_count) FILTER (is_pair), 0) AS BIGINT) AS reports,
  count(*) FILTER (NOT is_pair) AS "left out: events that did not happen, have no kind, or are not between two countries"
FROM (
  SELECT *, coalesce(modality = 'happened' AND quad_class IS NOT NULL AND actor_country <> recipient_country, false) AS is_pair
  FROM event_clusters
);
