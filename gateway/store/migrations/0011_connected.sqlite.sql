-- When agent and customer were connected; whose calls are under way; and what was begun is left one day, see LEFT_AFTER.

ALTER TABLE call ADD COLUMN connected_at INTEGER;
CREATE INDEX call_agent ON call (agent_id) WHERE state IN ('queued', 'dialing', 'under_way');
CREATE INDEX call_report_at ON call_report (at);
UPDATE booking SET due_at = ends_at WHERE state = 'begun' AND due_at IS NULL;
