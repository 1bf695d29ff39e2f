-- title: Who speaks first?
-- group: people
-- about: Speakers of the first quote of each article, by outlet, kind of speaker and gender. The column "share" is their share of all first quotes of the outlet. Outlets with fewer than five are excluded; the option "minimum" sets another number. Duplicates of an earlier article are excluded. An article counts if it duplicates one of another outlet and the same day, and only the day of one of them is known: then none is earlier.
-- option: minimum: NUMBER of first quotes that an outlet needs; default 5
-- chart: bar x=share y=speaker_kind colour=gender facet=publisher
WITH openings AS (
  SELECT coalesce(a.outlet_key, a.publisher) AS outlet, q.speaker_kind, q.speaker_gender, count(*) AS first_quotes
  FROM quotes_stored q
  JOIN articles a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  LEFT JOIN articles_stored f ON f.article_id = CASE WHEN a.is_duplicate THEN a.dup_group_id END
  WHERE q.quote_index = 0 AND (NOT a.is_duplicate OR (
    CAST(f.published_at AS DATE) = CAST(a.published_at AS DATE)
    AND (f.published_at_precision = 'day' OR a.published_at_precision = 'day')
    AND coalesce(f.outlet_key, f.publisher) <> coalesce(a.outlet_key, a.publisher)
  ))
  GROUP BY coalesce(a.outlet_key, a.publisher), q.speaker_kind, q.speaker_gender
), totals AS (
  SELECT outlet, speaker_kind, speaker_gender, first_quotes, sum(first_quotes) OVER (PARTITION BY outlet) AS total
  FROM openings
)
SELECT
  o.publisher,
  t.speaker_kind,
  t.speaker_gender AS gender,
  t.first_quotes,
  round(t.first_quotes / t.total, 3) AS share
FROM totals t LEFT JOIN outlets o ON o.outlet = t.outlet
WHERE t.total >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5)
ORDER BY o.publisher NULLS LAST, t.first_quotes DESC, t.speaker_kind NULLS LAST, gender NULLS LAST, t.outlet;

-- counted:
WITH counted AS (
  SELECT
    count(*) FILTER (is_quoting AND NOT is_later) AS openings,
    count(*) FILTER (is_quoting AND is_later) AS later,
    count(*) FILTER (NOT is_quoting) AS without
  FROM (
    SELECT
      coalesce(a.outlet_key, a.publisher) AS outlet,
      a.article_id IN (SELECT article_id FROM quotes_stored) AS is_quoting,
      a.is_duplicate AND NOT coalesce(
        f.published_at::DATE = a.published_at::DATE
        AND (f.published_at_precision = 'day' OR a.published_at_precision = 'day')
        AND coalesce(f.outlet_key, f.publisher) <> coalesce(a.outlet_key, a.publisher), false) AS is_later
    FROM articles a LEFT JOIN articles_stored f ON f.article_id = CASE WHEN a.is_duplicate THEN a.dup_group_id END
  )
  GROUP BY outlet
)
SELECT
  coalesce(sum(openings) FILTER (openings >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5)), 0)::BIGINT AS "articles with a quote",
  coalesce(sum(openings) FILTER (openings < coalesce(CAST(getvariable('minimum') AS BIGINT), 5)), 0)::BIGINT AS "excluded: articles of outlets with fewer than the minimum",
  coalesce(sum(later), 0)::BIGINT AS "excluded: duplicates of another article",
  coalesce(sum(without), 0)::BIGINT AS "excluded: articles without a quote"
FROM counted;
