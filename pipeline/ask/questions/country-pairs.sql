-- title: How do countries deal with each other?
-- about: Cooperation and conflict, in words and in deeds, by pair of countries and week of the first report. Events that happened, each once, beside the articles that tell of them; copies count once as independent. The 500 busiest are shown.
SELECT
  CASE WHEN actor_country < recipient_country THEN actor_country ELSE recipient_country END AS one,
  CASE WHEN actor_country < recipient_country THEN recipient_country ELSE actor_country END AS other,
  CAST(date_trunc('week', published_date) AS DATE) AS week,
  CASE quad WHEN 1 THEN 'cooperation, words' WHEN 2 THEN 'cooperation, deeds'
            WHEN 3 THEN 'conflict, words' ELSE 'conflict, deeds' END AS what,
  count(*) AS events,
  CAST(sum(report_count) AS BIGINT) AS reports,
  CAST(sum(independent_count) AS BIGINT) AS independent_reports
FROM event_clusters
WHERE modality = 'happened' AND quad IS NOT NULL AND actor_country <> recipient_country
GROUP BY
  CASE WHEN actor_country < recipient_country THEN actor_country ELSE recipient_country END,
  CASE WHEN actor_country < recipient_country THEN recipient_country ELSE actor_country END,
  CAST(date_trunc('week', published_date) AS DATE),
  CASE quad WHEN 1 THEN 'cooperation, words' WHEN 2 THEN 'cooperation, deeds'
            WHEN 3 THEN 'conflict, words' ELSE 'conflict, deeds' END
ORDER BY events DESC, reports DESC, one, other, week, what
LIMIT 500;
