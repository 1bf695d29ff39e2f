-- title: Which genders are quoted, by outlet and week?
-- about: Shares of quotes by named people. Gender comes from the text first; the share nobody knows stays in view.
-- chart: stack parts=share_women,share_unknown,share_men x=week facet=publisher n=quotes
SELECT
  a.publisher,
  date_trunc('week', a.published_date)::DATE AS week,
  count(*) AS quotes,
  round(avg((q.speaker_gender IS NOT DISTINCT FROM 'F')::INT), 3) AS share_women,
  round(avg((q.speaker_gender IS NOT DISTINCT FROM 'M')::INT), 3) AS share_men,
  round(avg((q.speaker_gender IS NULL OR q.speaker_gender = 'U')::INT), 3) AS share_unknown
FROM quotes q JOIN articles a USING (article_id, revision_id)
WHERE q.speaker_kind = 'person'
GROUP BY ALL
ORDER BY a.publisher NULLS LAST, week;

-- counted:
SELECT
  count(*) FILTER (is_person) AS "quotes by people",
  count(DISTINCT article_id) FILTER (is_person) AS articles,
  count(*) FILTER (is_person AND coalesce(speaker_gender, 'U') = 'U') AS "quotes by people of unknown gender",
  count(*) FILTER (NOT is_person) AS "left out: quotes by no person"
FROM (SELECT *, speaker_kind IS NOT DISTINCT FROM 'person' AS is_person FROM quotes);
