-- Workers listen to a channel of their own queue. The triggers that tell them stand beside PgQueuer's tables, which are
-- brought up to date after every migration (linkskipper.queue.install). No table of ours changes.

SELECT 1;
