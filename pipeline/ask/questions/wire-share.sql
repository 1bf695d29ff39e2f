-- title: How much of each outlet is from elsewhere?
-- about: Share of articles that repeat an earlier one of another outlet, and share that credits a news agency.
-- chart: bar x=share_reprints y=publisher n=articles
WITH groups AS (
  SELECT
    dup_group_id,
    count(DISTINCT publisher) AS outlets,
    arg_min(publisher, (coalesce(published_at, fetched_at), article_id)) AS first_outlet
  FROM articles GROUP BY dup_group_id
)
SELECT
  a.publisher,
  count(*) AS articles,
  round(avg((g.outlets > 1 AND g.first_outlet <> a.publisher)::INT), 3) AS share_reprints,
  round(avg((a.wire_agency IS NOT NULL)::INT), 3) AS share_wire
FROM articles a JOIN groups g USING (dup_group_id)
WHERE a.publisher IS NOT NULL
GROUP BY a.publisher
ORDER BY share_reprints DESC, share_wire DESC, a.publisher;

-- counted:
SELECT
  count(publisher) AS articles, count(DISTINCT publisher) AS outlets,
  count(*) FILTER (publisher IS NULL) AS "left out: articles without an outlet"
FROM articles;
