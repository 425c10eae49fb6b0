"""The statements on cached links."""

FIND = """
SELECT link AS link_hash, url, target_url, provider, tier FROM links
WHERE link = ANY($1::bytea[]) AND expires_at > now()
"""

PRUNE = """
DELETE FROM links WHERE link IN (SELECT link FROM links WHERE expires_at < now() ORDER BY expires_at LIMIT $1)
"""

STORE = """
INSERT INTO links (link, url, target_url, provider, tier, expires_at)
SELECT DISTINCT ON (link_hash) link_hash, url, target_url, provider, tier, now() + lifetime
FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::interval[])
    AS stored (link_hash, url, target_url, provider, tier, lifetime)
ORDER BY link_hash
ON CONFLICT (link) DO UPDATE
SET target_url = excluded.target_url, provider = excluded.provider, tier = excluded.tier,
    resolved_at = now(), expires_at = excluded.expires_at
"""
