-- title: Who is quoted, or spoken about in a quote?
-- group: quotes
-- about: One row per quote, latest first. The option "name" keeps the quotes by speakers whose name or role contains the given text, and the quotes that mention such a name. The option "outlet" keeps the quotes of outlets whose name or key contains the given text. Of several people who make a statement, the first is shown and searched. Duplicate articles are excluded. The first 100 quotes are shown.
-- option: name: NAME, part of a name, or role of a person
-- option: outlet: NAME or part of the name of an outlet
WITH mentioned AS (
  SELECT DISTINCT article_id, revision_id, quote_index
  FROM entities
  WHERE quote_index IS NOT NULL
    AND contains(lower(coalesce(person_name, entity_name, entity_text)), lower(CAST(getvariable('name') AS VARCHAR)))
)
SELECT
  coalesce(p.person_name, q.speaker_name, q.speaker_text) AS speaker,
  q.speaker_role AS role,
  q.quote_text AS quote,
  q.cue_text AS cue,
  a.publisher,
  a.published_at,
  a.url,
  q.article_id,
  q.quote_index,
  q.confidence
FROM quotes_stored q
JOIN articles a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
LEFT JOIN person_links p
  ON p.article_id = q.article_id AND p.revision_id = q.revision_id AND p.cluster_index = q.speaker_cluster_index
LEFT JOIN mentioned m
  ON m.article_id = q.article_id AND m.revision_id = q.revision_id AND m.quote_index = q.quote_index
WHERE NOT a.is_duplicate
  AND (
    getvariable('name') IS NULL
    OR m.article_id IS NOT NULL
    OR contains(lower(coalesce(p.person_name, q.speaker_name, q.speaker_text)), lower(CAST(getvariable('name') AS VARCHAR)))
    OR contains(lower(coalesce(q.speaker_role, q.speaker_text)), lower(CAST(getvariable('name') AS VARCHAR)))
  )
  AND (
    getvariable('outlet') IS NULL
    OR contains(lower(a.publisher), lower(CAST(getvariable('outlet') AS VARCHAR)))
    OR contains(lower(a.outlet_key), lower(CAST(getvariable('outlet') AS VARCHAR)))
  )
ORDER BY a.published_at DESC NULLS LAST, q.article_id, q.quote_index
LIMIT 100;
