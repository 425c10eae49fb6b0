"""The statements on cached links."""

FIND = """
SELECT link_hash, canonical_url, target_url, provider, tier FROM cached_links
WHERE link_hash = ANY($1::bytea[]) AND expires_at > now()
"""

PRUNE = """
DELETE FROM cached_links WHERE link_hash IN (
    SELECT link_hash FROM cached_links WHERE expires_at < now() ORDER BY expires_at LIMIT $1
)
"""

# In the order of STORE, which prevents deadlocks.
FORGET = """
DELETE FROM cached_links WHERE link_hash = ANY(ARRAY(
    SELECT link_hash FROM cached_links WHERE link_hash = ANY($1::bytea[]) ORDER BY link_hash FOR UPDATE
))
"""

STORE = """
INSERT INTO cached_links (link_hash, canonical_url, target_url, provider, tier, expires_at)
SELECT DISTINCT ON (link_hash) link_hash, canonical_url, target_url, provider, tier, now() + lifetime
FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::interval[])
    AS stored (link_hash, canonical_url, target_url, provider, tier, lifetime)
ORDER BY link_hash
ON CONFLICT (link_hash) DO UPDATE
SET target_url = excluded.target_url, provider = excluded.provider, tier = excluded.tier,
    resolved_at = now(), expires_at = excluded.expires_at
"""
