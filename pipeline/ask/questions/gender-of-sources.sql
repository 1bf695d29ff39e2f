-- title: Which genders are quoted, by outlet and week?
-- about: Shares of quotes by named people. Gender comes from the text first; the share nobody knows stays in view.
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
