-- A video's first picture is a file like any other: which rows use it is asked of this column. Old code that still
-- runs keeps it in `params` alone, and its videos have no first picture once nothing else keeps the file. Sizes of all
-- files are summed, and files are looked up, without reading rows.
ALTER TABLE media ADD COLUMN poster VARCHAR(128);
ALTER TABLE media ADD COLUMN poster_bytes BIGINT NOT NULL DEFAULT 0;
UPDATE media SET poster = json_extract(params, '$.poster')
WHERE kind = 'video' AND json_valid(params) AND json_type(params, '$.poster') = 'text';
DROP INDEX media_by_file;
CREATE INDEX media_by_file ON media (file, kind, bytes);
CREATE INDEX media_by_poster ON media (poster, poster_bytes) WHERE poster IS NOT NULL;
CREATE INDEX video_jobs_by_file ON video_jobs (file) WHERE file IS NOT NULL;
CREATE INDEX video_jobs_by_poster ON video_jobs (poster) WHERE poster IS NOT NULL;
