-- title: Whose words are reported with distance?
-- about: Share of quotes whose reporting word keeps a distance ("claimed") rather than none ("said"), by outlet and gender.
SELECT
  a.publisher,
  q.speaker_gender AS gender,
  count(*) AS quotes,
  round(avg((q.cue_stance = 'distance')::INT), 3) AS share_distance
FROM quotes q JOIN articles a USING (article_id, revision_id)
WHERE q.speaker_kind = 'person' AND q.cue_stance IS NOT NULL
GROUP BY a.publisher, q.speaker_gender
ORDER BY a.publisher NULLS LAST, gender NULLS LAST;
