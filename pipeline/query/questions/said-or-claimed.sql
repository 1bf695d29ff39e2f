-- title: Whose statements are reported with distance?
-- about: Share of quotes with a distancing cue ("claimed" rather than "said"), by publisher, kind of speaker and gender. Quotes without a cue or without a speaker, and duplicate articles, are excluded.
SELECT
  a.publisher,
  q.speaker_kind,
  q.speaker_gender AS gender,
  count(*) AS quotes,
  round(sum(CASE WHEN q.cue_stance = 'distance' THEN 1 ELSE 0 END) / count(*), 3) AS share_distance
FROM quotes_stored q JOIN articles a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
WHERE q.speaker_kind IS NOT NULL AND q.cue_stance IS NOT NULL AND NOT a.is_duplicate
GROUP BY a.publisher, q.speaker_kind, q.speaker_gender
ORDER BY a.publisher NULLS LAST, q.speaker_kind, gender NULLS LAST;
