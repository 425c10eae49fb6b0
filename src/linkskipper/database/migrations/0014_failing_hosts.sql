-- The hosts of webhooks that operators look at.

CREATE INDEX webhook_hosts_failing ON webhook_hosts (host) WHERE failures > 0;
