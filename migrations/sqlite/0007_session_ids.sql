-- Earlier versions kept the session's id, which is what the browser proves itself with, in `data` as well.
UPDATE sessions SET data = json_set(data, '$.id', 0) WHERE json_valid(data) AND json_type(data, '$.id') IS NOT NULL;
