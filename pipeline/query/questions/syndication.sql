-- title: How many articles of each publisher are syndicated?
-- about: Share of articles that duplicate an earlier article of another publisher, and share of articles that credit a news agency. Articles without a publisher are excluded. An original that has no publisher, or is outside the selected days or source, counts as an article of another publisher.
-- chart: bar x=share_duplicates y=publisher n=articles
SELECT
  a.publisher,
  count(*) AS articles,
  round(sum(CASE WHEN a.is_duplicate AND (f.publisher IS NULL OR f.publisher <> a.publisher) THEN 1 ELSE 0 END) / count(*), 3)
    AS share_duplicates,
  round(sum(CASE WHEN a.wire_agency IS NULL THEN 0 ELSE 1 END) / count(*), 3) AS share_wire
FROM articles a
LEFT JOIN articles_stored f ON f.article_id = CASE WHEN a.is_duplicate THEN a.dup_group_id END
WHERE a.publisher IS NOT NULL
GROUP BY a.publisher
ORDER BY share_duplicates DESC, share_wire DESC, a.publisher;

-- counted:
SELECT
  count(publisher) AS articles, count(DISTINCT publisher) AS publishers,
  count(*) FILTER (publisher IS NULL) AS "excluded: articles without a publisher"
FROM articles;
