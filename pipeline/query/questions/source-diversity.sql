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
WITH quoted AS (
  SELECT
    article_id, revision_id, count(*) AS quotes,
    count(*) FILTER (speaker_kind = 'person' AND speaker_name IS NOT NULL) AS named
  FROM quotes_stored GROUP BY article_id, revision_id
), counted AS (
  SELECT
    sum(q.quotes) AS quotes, sum(q.named) AS named, count(*) FILTER (q.named > 0) AS articles,
    sum(q.named) >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5) AS is_enough
  FROM quoted q JOIN articles_stored a USING (article_id, revision_id)
  GROUP BY coalesce(a.outlet_key, a.publisher)
), voices AS (
  SELECT
    coalesce(q.speaker_person_id, q.speaker_name) AS speaker,
    sum(count(*)) OVER (PARTITION BY coalesce(a.outlet_key, a.publisher)) >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5) AS is_enough
  FROM quotes q JOIN articles_stored a USING (article_id, revision_id)
  WHERE q.speaker_kind = 'person' AND q.speaker_name IS NOT NULL
  GROUP BY coalesce(a.outlet_key, a.publisher), coalesce(q.speaker_person_id, q.speaker_name)
)
SELECT
  coalesce(sum(named) FILTER (is_enough), 0)::BIGINT AS "quotes by named people",
  (SELECT count(DISTINCT speaker) FROM voices WHERE is_enough) AS people,
  coalesce(sum(articles) FILTER (is_enough), 0)::BIGINT AS articles,
  coalesce(sum(named) FILTER (NOT is_enough), 0)::BIGINT AS "excluded: quotes of outlets with fewer than the minimum",
  coalesce(sum(quotes - named), 0)::BIGINT AS "excluded: quotes without a named person"
FROM counted;
