-- title: How diverse are the speakers of each publisher?
-- about: Number of named people quoted, effective number of people (exponential of the entropy of their shares of quotes), and share of quotes by the ten most quoted people. Duplicate articles are included.
-- chart: bar x=effective_speakers y=publisher
WITH voices AS (
  SELECT a.publisher, coalesce(q.speaker_entity_id, q.speaker_name) AS speaker, count(*) AS quotes
  FROM quotes_stored q JOIN articles_stored a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  WHERE q.speaker_kind = 'person' AND q.speaker_name IS NOT NULL
  GROUP BY a.publisher, coalesce(q.speaker_entity_id, q.speaker_name)
), shares AS (
  SELECT
    publisher,
    quotes / sum(quotes) OVER (PARTITION BY publisher) AS share,
    row_number() OVER (PARTITION BY publisher ORDER BY quotes DESC, speaker) AS place
  FROM voices
)
SELECT
  publisher,
  count(*) AS speakers,
  round(exp(-sum(share * ln(share))), 1) AS effective_speakers,
  round(sum(CASE WHEN place <= 10 THEN share ELSE 0 END), 3) AS share_of_top_ten
FROM shares
GROUP BY publisher
ORDER BY effective_speakers DESC, publisher NULLS LAST;

-- counted:
SELECT
  count(*) FILTER (is_named) AS "quotes by named people",
  count(DISTINCT coalesce(speaker_entity_id, speaker_name)) FILTER (is_named) AS people,
  count(DISTINCT article_id) FILTER (is_named) AS articles,
  count(*) FILTER (NOT is_named) AS "excluded: quotes without a named person"
FROM (SELECT *, speaker_kind IS NOT DISTINCT FROM 'person' AND speaker_name IS NOT NULL AS is_named FROM quotes);
