-- title: How do countries deal with each other?
-- about: Cooperation and conflict, in words and in deeds, by pair of countries and week of the first report. Events that happened, each once, beside the articles that tell of them; copies count once as independent.
SELECT
  least(actor_country, recipient_country) AS one,
  greatest(actor_country, recipient_country) AS other,
  date_trunc('week', published_date)::DATE AS week,
  CASE quad WHEN 1 THEN 'cooperation, words' WHEN 2 THEN 'cooperation, deeds'
            WHEN 3 THEN 'conflict, words' ELSE 'conflict, deeds' END AS what,
  count(*) AS events,
  sum(report_count)::BIGINT AS reports,
  sum(independent_count)::BIGINT AS independent_reports
FROM event_clusters
WHERE modality = 'happened' AND quad IS NOT NULL AND actor_country <> recipient_country
GROUP BY ALL
ORDER BY events DESC, reports DESC, one, other, week, what;
