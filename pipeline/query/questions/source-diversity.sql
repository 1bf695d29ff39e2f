-- title: How diverse are the speakers of each outlet?
-- group: people
-- about: Number of named people quoted, effective number of people (exponential of the entropy of their shares of quotes), and share of quotes by the ten most quoted people. A statement by several people counts for the first of them. Outlets with fewer than five such quotes are excluded; the option "minimum" sets another number. Duplicate articles are included.
-- option: minimum: NUMBER of quotes by named people that an outlet needs; default 5
-- chart: bar x=effective_speakers y=publisher
WITH voices AS (
  SELECT coalesce(a.outlet_key, a.publisher) AS outlet, coalesce(q.speaker_person_id, q.speaker_name) AS speaker, count(*) AS quotes
  FROM quotes q JOIN articles_stored a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  WHERE q.speaker_kind = 'person' AND q.speaker_name IS NOT NULL
  GROUP BY coalesce(a.outlet_key, a.publisher), coalesce(q.speaker_person_id, q.speaker_name)
), shares AS (
  SELECT
    outlet,
    quotes,
    quotes / sum(quotes) OVER (PARTITION BY outlet) AS share,
    row_number() OVER (PARTITION BY outlet ORDER BY quotes DESC, speaker) AS place
  FROM voices
), counted AS (
  SELECT
    outlet,
    count(*) AS speakers,
    round(exp(-sum(share * ln(share))), 1) AS effective_speakers,
    round(sum(CASE WHEN place <= 10 THEN share ELSE 0 END), 3) AS share_of_top_ten
  FROM shares
  GROUP BY outlet
  HAVING sum(quotes) >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5)
)
SELECT o.publisher, c.speakers, c.effective_speakers, c.share_of_top_ten
FROM counted c LEFT JOIN outlets o ON o.outlet = c.outlet
ORDER BY c.effective_speakers DESC, o.publisher NULLS LAST, c.outlet;

-- counted:
SELECT
  count(*) FILTER (is_named AND is_enough) AS "quotes by named people",
  count(DISTINCT speaker) FILTER (is_named AND is_enough) AS people,
  count(DISTINCT article_id) FILTER (is_named AND is_enough) AS articles,
  count(*) FILTER (is_named AND NOT is_enough) AS "excluded: quotes of outlets with fewer than the minimum",
  count(*) FILTER (NOT is_named) AS "excluded: quotes without a named person"
FROM (
  SELECT
    q.article_id, coalesce(q.speaker_person_id, q.speaker_name) AS speaker,
    q.speaker_kind IS NOT DISTINCT FROM 'person' AND q.speaker_name IS NOT NULL AS is_named,
    count(*) FILTER (q.speaker_kind = 'person' AND q.speaker_name IS NOT NULL) OVER (PARTITION BY coalesce(a.outlet_key, a.publisher)) >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5)
      AS is_enough
  FROM quotes q JOIN articles_stored a USING (article_id, revision_id)
);
