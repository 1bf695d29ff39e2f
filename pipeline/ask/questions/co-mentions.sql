-- title: Who is named together?
-- about: Pairs of people in the same sentence, by the number of articles. Copies of an article count once.
WITH people AS (
  SELECT DISTINCT a.dup_group_id, e.article_id, e.sentence_index, e.entity_id
  FROM entities e JOIN articles a USING (article_id, revision_id)
  WHERE e.entity_type = 'PERSON' AND e.entity_id IS NOT NULL
), names AS (
  SELECT entity_id, arg_max(entity_name, (length(entity_name), entity_name)) AS name
  FROM entities WHERE entity_type = 'PERSON' GROUP BY entity_id
)
SELECT
  least(m.name, n.name) AS one,
  greatest(m.name, n.name) AS other,
  count(DISTINCT p.dup_group_id) AS articles
FROM people p
JOIN people q ON p.article_id = q.article_id AND p.sentence_index = q.sentence_index AND p.entity_id < q.entity_id
JOIN names m ON m.entity_id = p.entity_id
JOIN names n ON n.entity_id = q.entity_id
GROUP BY p.entity_id, q.entity_id, m.name, n.name
ORDER BY articles DESC, one, other
LIMIT 100;
