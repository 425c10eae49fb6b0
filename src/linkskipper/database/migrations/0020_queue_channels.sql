-- Workers listen to a channel of their own queue. linkskipper.queue.install makes the triggers that tell them, because
-- they belong to PgQueuer's tables, which are brought up to date after every migration. No table of ours changes.

SELECT 1;
