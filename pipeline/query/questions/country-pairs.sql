-- title: How do countries interact?
-- group: events
-- about: Verbal and material cooperation and conflict between two countries, by week of the first report. Each event that happened counts once. An event counts if its first actor is of one country and its first recipient of another; two countries that act together, as in an agreement between both, are both actors and do not count. Requests are verbal conflict, as in PLOVER. The column "reports" is the number of articles that report these events; in "independent_reports", an article and its duplicates count once. Events below the confidence of the option "min-confidence" are excluded. The 500 rows with the most events are shown.
-- option: min_confidence: SHARE from 0 to 1, the lowest confidence of an event; default 0.5
-- chart: line x=week y=events colour=kind facet=pair
WITH interactions AS (
  SELECT
    CASE WHEN actor_country < recipient_country THEN actor_country ELSE recipient_country END AS country,
    CASE WHEN actor_country < recipient_country THEN recipient_country ELSE actor_country END AS other_country,
    CAST(date_trunc('week', published_date) AS DATE) AS week,
    CASE quad_class WHEN 1 THEN 'verbal cooperation' WHEN 2 THEN 'material cooperation'
              WHEN 3 THEN 'verbal conflict' ELSE 'material conflict' END AS kind,
    report_count,
    independent_count
  FROM event_clusters
  WHERE modality = 'happened' AND quad_class IS NOT NULL AND actor_country <> recipient_country
    AND confidence >= CAST(coalesce(getvariable('min_confidence'), '0.5') AS DOUBLE)
)
SELECT
  country,
  other_country,
  week,
  kind,
  count(*) AS events,
  CAST(sum(report_count) AS BIGINT) AS reports,
  CAST(sum(independent_count) AS BIGINT) AS independent_reports,
  country || ' and ' || other_country AS pair
FROM interactions
GROUP BY country, other_country, week, kind
ORDER BY events DESC, reports DESC, country, other_country, week, kind
LIMIT 500;

-- counted:
SELECT
  count(*) FILTER (is_pair) AS events,
  CAST(coalesce(sum(report_count) FILTER (is_pair), 0) AS BIGINT) AS reports,
  count(*) FILTER (NOT is_pair) AS "excluded: events that did not happen, have no kind, are between no two countries, or are below the confidence"
FROM (
  SELECT *, coalesce(modality = 'happened' AND quad_class IS NOT NULL AND actor_country <> recipient_country
    AND confidence >= CAST(coalesce(getvariable('min_confidence'), '0.5') AS DOUBLE), false) AS is_pair
  FROM event_clusters
);
