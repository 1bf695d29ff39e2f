-- title: Who is in the news this week?
-- group: people
-- about: People by number of articles that mention them, in the seven days up to the newest article. A surname counts for the person with that full name in other articles of the day, if there is evidence (table person_links). An article and its duplicates count once. The column "outlets" is the number of outlets that mention the person; an article without an outlet counts by its domain, or else by its source. The first 50 people are shown.
-- chart: bar x=articles y=person
SELECT
  arg_max(e.person_name, (length(e.person_name), e.person_name)) AS person,
  max(e.qid) AS qid,
  count(DISTINCT a.dup_group_id) AS articles,
  count(DISTINCT coalesce(a.outlet_key, a.publisher, a.domain, a.source_key)) AS outlets,
  count(*) AS mentions
FROM entities e JOIN articles a USING (article_id, revision_id)
WHERE e.person_id IS NOT NULL
  AND a.published_date > (SELECT max(published_date) FROM articles) - INTERVAL 7 DAY
GROUP BY e.person_id
ORDER BY articles DESC, mentions DESC, person
LIMIT 50;

-- counted:
SELECT
  count(DISTINCT dup_group_id) FILTER (is_known) AS "articles (duplicates once)",
  count(DISTINCT person_id) AS people, count(*) FILTER (is_known) AS mentions,
  count(*) FILTER (NOT is_known) AS "excluded: mentions without an entity",
  any_value(newest) - 6 AS first_day, any_value(newest) AS last_day
FROM (
  SELECT a.dup_group_id, e.person_id, e.person_id IS NOT NULL AS is_known, newest
  FROM entities e JOIN articles a USING (article_id, revision_id), (SELECT max(published_date) AS newest FROM articles)
  WHERE e.entity_type = 'PERSON' AND a.published_date > newest - 7 AND e.published_date > newest - 7
);
