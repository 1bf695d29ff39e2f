-- title: Who is named together?
-- about: Pairs of people in the same sentence, by the number of articles. Articles that repeat an earlier one are left out. Counted from co_mentions, which has each day's pairs.
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
  CASE WHEN name <= other_name THEN name ELSE other_name END AS one,
  CASE WHEN name <= other_name THEN other_name ELSE name END AS other,
  CAST(articles AS BIGINT) AS articles
FROM pairs
ORDER BY articles DESC, one, other, entity_id, other_entity_id
LIMIT 100;
