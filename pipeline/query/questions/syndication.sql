-- title: How many articles of each outlet are syndicated?
-- group: quality
-- about: Share of articles that duplicate an earlier article of another outlet, and share of articles that credit a news agency. An article and an original of the same day are in no order if only the day of one of them is known: it does not count as a duplicate. Articles without an outlet, and outlets with fewer than five articles, are excluded; the option "minimum" sets another number. An original that has no outlet, or is outside the selected days or source, counts as an article of another outlet.
-- option: minimum: NUMBER of articles that an outlet needs; default 5
-- chart: bar x=share_duplicates y=publisher n=articles
WITH counted AS (
  SELECT
    coalesce(a.outlet_key, a.publisher) AS outlet,
    count(*) AS articles,
    sum(CASE
      WHEN NOT a.is_duplicate OR coalesce(f.outlet_key, f.publisher) = coalesce(a.outlet_key, a.publisher) THEN 0
      WHEN CAST(f.published_at AS DATE) = CAST(a.published_at AS DATE)
        AND (f.published_at_precision = 'day' OR a.published_at_precision = 'day') THEN 0
      ELSE 1
    END) AS duplicates,
    sum(CASE WHEN a.wire_agency IS NULL THEN 0 ELSE 1 END) AS wires
  FROM articles a
  LEFT JOIN articles_stored f ON f.article_id = CASE WHEN a.is_duplicate THEN a.dup_group_id END
  WHERE coalesce(a.outlet_key, a.publisher) IS NOT NULL
  GROUP BY coalesce(a.outlet_key, a.publisher)
)
SELECT
  o.publisher,
  c.articles,
  round(c.duplicates / c.articles, 3) AS share_duplicates,
  round(c.wires / c.articles, 3) AS share_wire
FROM counted c JOIN outlets o ON o.outlet = c.outlet
WHERE c.articles >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5)
ORDER BY share_duplicates DESC, share_wire DESC, o.publisher, c.outlet;

-- counted:
SELECT
  count(outlet) FILTER (is_enough) AS articles, count(DISTINCT outlet) FILTER (is_enough) AS outlets,
  count(outlet) FILTER (NOT is_enough) AS "excluded: articles of outlets with fewer than the minimum",
  count(*) FILTER (outlet IS NULL) AS "excluded: articles without an outlet"
FROM (
  SELECT coalesce(a.outlet_key, a.publisher) AS outlet, count(*) OVER (PARTITION BY coalesce(a.outlet_key, a.publisher)) >= coalesce(CAST(getvariable('minimum') AS BIGINT), 5) AS is_enough FROM articles a
);
