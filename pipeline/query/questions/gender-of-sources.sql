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
SELECT
  count(*) FILTER (is_person AND is_enough) AS "quotes by people",
  count(DISTINCT article_id) FILTER (is_person AND is_enough) AS articles,
  count(*) FILTER (is_person AND is_enough AND coalesce(speaker_gender, 'U') = 'U') AS "quotes by people of unknown gender",
  count(*) FILTER (is_person AND NOT is_enough) AS "excluded: quotes by people in rows with fewer than the minimum",
  count(*) FILTER (NOT is_person) AS "excluded: quotes without a person as speaker"
FROM (
  SELECT
    q.article_id, q.speaker_gender, q.speaker_kind IS NOT DISTINCT FROM 'person' AS is_person,
    count(*) FILTER (q.speaker_kind = 'person')
      OVER (PARTITION BY coalesce(a.outlet_key, a.publisher), date_trunc('week', a.published_date)) >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5) AS is_enough
  FROM quotes q JOIN articles_stored a USING (article_id, revision_id)
);
