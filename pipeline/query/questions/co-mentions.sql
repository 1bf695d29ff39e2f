-- title: Who is mentioned together?
-- group: people
-- about: Pairs of people mentioned in the same sentence, by number of articles. Duplicate articles are excluded. The 100 most frequent pairs are shown.
WITH pairs AS (
  SELECT
    entity_id,
    other_entity_id,
    max(entity_name) AS name,
    max(other_entity_name) AS other_name,
    sum(article_count) AS articles
  FROM co_mentions
  GROUP BY entity_id, other_entity_id
)
SELECT
  CASE WHEN name <= other_name THEN name ELSE other_name END AS person,
  CASE WHEN name <= other_name THEN other_name ELSE name END AS other_person,
  CAST(articles AS BIGINT) AS articles
FROM pairs
ORDER BY articles DESC, person, other_person, entity_id, other_entity_id
LIMIT 100;
