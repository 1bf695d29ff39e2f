-- title: Which genders are quoted, by publisher and week?
-- about: Shares of women, men and unknown gender among the quotes by people. Duplicate articles are included. Gender is inferred from the text, or else from a list of forenames.
-- chart: stack parts=share_women,share_unknown,share_men x=week facet=publisher n=quotes
WITH quoted AS (
  SELECT
    article_id,
    revision_id,
    count(*) AS quotes,
    sum(CASE WHEN speaker_gender = 'F' THEN 1 ELSE 0 END) AS women,
    sum(CASE WHEN speaker_gender = 'M' THEN 1 ELSE 0 END) AS men
  FROM quotes_stored
  WHERE speaker_kind = 'person'
  GROUP BY article_id, revision_id
)
SELECT
  a.publisher,
  CAST(date_trunc('week', a.published_date) AS DATE) AS week,
  CAST(sum(q.quotes) AS BIGINT) AS quotes,
  round(sum(q.women) / sum(q.quotes), 3) AS share_women,
  round(sum(q.men) / sum(q.quotes), 3) AS share_men,
  round((sum(q.quotes) - sum(q.women) - sum(q.men)) / sum(q.quotes), 3) AS share_unknown
FROM quoted q JOIN articles_stored a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
GROUP BY a.publisher, CAST(date_trunc('week', a.published_date) AS DATE)
ORDER BY a.publisher NULLS LAST, week;

-- counted:
SELECT
  count(*) FILTER (is_person) AS "quotes by people",
  count(DISTINCT article_id) FILTER (is_person) AS articles,
  count(*) FILTER (is_person AND coalesce(speaker_gender, 'U') = 'U') AS "quotes by people of unknown gender",
  count(*) FILTER (NOT is_person) AS "excluded: quotes without a person as speaker"
FROM (SELECT *, speaker_kind IS NOT DISTINCT FROM 'person' AS is_person FROM quotes);
