-- title: Who said what recently?
-- group: quotes
-- about: The 50 latest statements that have a speaker, with their cue, publisher and article. Duplicate articles are excluded. Of several people who make a statement, the first is shown and searched. The option "about" keeps the statements of speakers whose name contains the given text, and the statements that mention such a name or that somebody of such a name reports.
-- option: about: NAME or part of a name
WITH mentioned AS (
  SELECT DISTINCT article_id, revision_id, quote_index
  FROM entities
  WHERE quote_index IS NOT NULL
    AND contains(lower(coalesce(person_name, entity_name, entity_text)), lower(CAST(getvariable('about') AS VARCHAR)))
), latest AS (
  SELECT q.published_date, q.article_id, q.revision_id, q.quote_index, q.published_at AS said_at
  FROM quotes_stored q
  JOIN articles a ON a.article_id = q.article_id AND a.revision_id = q.revision_id
  LEFT JOIN person_links p
    ON p.article_id = q.article_id AND p.revision_id = q.revision_id AND p.cluster_index = q.speaker_cluster_index
  LEFT JOIN mentioned m
    ON m.article_id = q.article_id AND m.revision_id = q.revision_id AND m.quote_index = q.quote_index
  WHERE coalesce(q.speaker_name, q.speaker_text) IS NOT NULL
    AND NOT a.is_duplicate
    AND (
      getvariable('about') IS NULL
      OR m.article_id IS NOT NULL
      OR contains(lower(coalesce(p.person_name, q.speaker_name, q.speaker_text)), lower(CAST(getvariable('about') AS VARCHAR)))
      OR contains(lower(coalesce(q.reported_by_name, q.reported_by_text)), lower(CAST(getvariable('about') AS VARCHAR)))
    )
  ORDER BY q.published_at DESC NULLS LAST, q.article_id, q.quote_index
  LIMIT 50
)
SELECT
  coalesce(p.person_name, q.speaker_name, q.speaker_text) AS speaker,
  q.cue_text AS cue,
  q.quote_text AS quote,
  q.quote_type,
  a.publisher,
  a.published_at,
  a.url,
  q.article_id,
  q.start_char,
  q.end_char
FROM latest n
JOIN quotes_stored q
  ON q.published_date = n.published_date AND q.article_id = n.article_id AND q.quote_index = n.quote_index
JOIN articles_stored a ON a.published_date = n.published_date AND a.article_id = n.article_id
LEFT JOIN person_links p
  ON p.article_id = q.article_id AND p.revision_id = q.revision_id AND p.cluster_index = q.speaker_cluster_index
ORDER BY n.said_at DESC NULLS LAST, n.article_id, n.quote_index;
