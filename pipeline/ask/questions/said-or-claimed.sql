-- title: Whose words are reported with distance?
-- about: Share of quotes whose reporting word keeps a distance ("claimed") rather than none ("said"), by outlet, kind of speaker and gender. Copies of an article are left out.
SELECT
  a.publisher,
  q.speaker_kind,
  q.speaker_gender AS gender,
  count(*) AS quotes,
  round(avg((q.cue_stance = 'distance')::INT), 3) AS share_distance
FROM quotes q JOIN articles a USING (article_id, revision_id)
WHERE q.speaker_kind IS NOT NULL AND q.cue_stance IS NOT NULL AND NOT a.is_copy
GROUP BY ALL
ORDER BY a.publisher NULLS LAST, q.speaker_kind, gender NULLS LAST;
