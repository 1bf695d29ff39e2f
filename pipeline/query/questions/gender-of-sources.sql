-- title: Which genders are quoted, by publisher and week?
-- group: people
-- about: Shares of women, men and unknown gender among the quotes by people, by outlet and week. Rows with fewer than five quotes are excluded; the option "minimum" sets another number. A statement by several people counts for the first of them. Duplicate articles are included. Gender is inferred from the text, or else from a list of forenames.
-- option: minimum: NUMBER of quotes that a row needs; default 5
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
), weekly AS (
  SELECT
    coalesce(a.outlet_key, a.publisher) AS outlet,
    CAST(date_trunc('week', a.published_date) AS DATE) AS week,
    sum(q.quotes) AS quotes,
    sum(q.women) AS women,
    sum(q.men) AS men
  FROM quoted q JOIN articles_stored a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  GROUP BY coalesce(a.outlet_key, a.publisher), CAST(date_trunc('week', a.published_date) AS DATE)
)
SELECT
  o.publisher,
  w.week,
  CAST(w.quotes AS BIGINT) AS quotes,
  round(w.women / w.quotes, 3) AS share_women,
  round(w.men / w.quotes, 3) AS share_men,
  round((w.quotes - w.women - w.men) / w.quotes, 3) AS share_unknown
FROM weekly w LEFT JOIN outlets o ON o.outlet = w.outlet
WHERE w.quotes >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5)
ORDER BY o.publisher NULLS LAST, w.week, w.outlet;

-- counted:
WITH quoted AS (
  SELECT
    article_id, revision_id, count(*) AS quotes, count(*) FILTER (speaker_kind = 'person') AS by_people,
    count(*) FILTER (speaker_kind = 'person' AND coalesce(speaker_gender, 'U') = 'U') AS of_unknown_gender
  FROM quotes_stored GROUP BY article_id, revision_id
), weekly AS (
  SELECT
    sum(q.quotes) AS quotes, sum(q.by_people) AS by_people, sum(q.of_unknown_gender) AS of_unknown_gender,
    count(*) FILTER (q.by_people > 0) AS articles, sum(q.by_people) >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5) AS is_enough
  FROM quoted q JOIN articles_stored a USING (article_id, revision_id)
  GROUP BY coalesce(a.outlet_key, a.publisher), date_trunc('week', a.published_date)
)
SELECT
  coalesce(sum(by_people) FILTER (is_enough), 0)::BIGINT AS "quotes by people",
  coalesce(sum(articles) FILTER (is_enough), 0)::BIGINT AS articles,
  coalesce(sum(of_unknown_gender) FILTER (is_enough), 0)::BIGINT AS "quotes by people of unknown gender",
  coalesce(sum(by_people) FILTER (NOT is_enough), 0)::BIGINT AS "excluded: quotes by people in rows with fewer than the minimum",
  coalesce(sum(quotes - by_people), 0)::BIGINT AS "excluded: quotes without a person as speaker"
FROM weekly;
