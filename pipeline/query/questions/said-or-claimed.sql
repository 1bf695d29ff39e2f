-- title: Whose statements are reported with distance?
-- group: quotes
-- about: Share of quotes with a distancing cue ("claimed" rather than "said"), by outlet, kind of speaker and gender. Rows with fewer than five quotes are excluded; the option "minimum" sets another number. Quotes without a cue or without a speaker, and duplicate articles, are excluded.
-- option: minimum: NUMBER of quotes that a row needs; default 5
WITH counted AS (
  SELECT
    coalesce(a.outlet_key, a.publisher) AS outlet,
    q.speaker_kind,
    q.speaker_gender,
    count(*) AS quotes,
    sum(CASE WHEN q.cue_stance = 'distance' THEN 1 ELSE 0 END) AS distant
  FROM quotes_stored q JOIN articles a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  WHERE q.speaker_kind IS NOT NULL AND q.cue_stance IS NOT NULL AND NOT a.is_duplicate
  GROUP BY coalesce(a.outlet_key, a.publisher), q.speaker_kind, q.speaker_gender
)
SELECT
  o.publisher,
  c.speaker_kind,
  c.speaker_gender AS gender,
  c.quotes,
  round(c.distant / c.quotes, 3) AS share_distance
FROM counted c LEFT JOIN outlets o ON o.outlet = c.outlet
WHERE c.quotes >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5)
ORDER BY o.publisher NULLS LAST, c.speaker_kind, gender NULLS LAST, c.outlet;
