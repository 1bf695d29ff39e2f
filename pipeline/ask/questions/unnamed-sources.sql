-- title: Where do unnamed sources speak?
-- about: Share of quotes by sources without a name ("officials"), by outlet, section and month, beside the quotes without any speaker.
-- chart: line x=month y=share_unnamed colour=section facet=publisher n=quotes
SELECT
  a.publisher,
  a.section,
  date_trunc('month', a.published_date)::DATE AS month,
  count(*) AS quotes,
  round(avg((q.speaker_kind IS NOT DISTINCT FROM 'unnamed')::INT), 3) AS share_unnamed,
  round(avg((q.speaker_kind IS NULL)::INT), 3) AS share_without_speaker
FROM quotes q JOIN articles a USING (article_id, revision_id)
GROUP BY ALL
ORDER BY share_unnamed DESC, quotes DESC, a.publisher NULLS LAST, a.section NULLS LAST, month;

-- counted:
SELECT
  count(*) AS quotes, count(DISTINCT article_id) AS articles,
  count(*) FILTER (speaker_kind IS NULL) AS "quotes without any speaker"
FROM quotes;
