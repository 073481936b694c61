-- Video jobs as JSON, found by owner, by status, by when they expire and by their files.
local jobs, expiry = prefix .. 'video_jobs', prefix .. 'video_jobs:expiry'

local function jobs_with(status)
  return prefix .. 'video_jobs:status:' .. status
end

local function jobs_of(owner)
  return prefix .. 'video_jobs:owner:' .. owner
end

-- Names of files are told apart from names of first pictures.
local function jobs_by_file(what, file)
  return prefix .. 'video_jobs:' .. what .. ':' .. file
end

local function put_job(id, text)
  local job = cjson.decode(text)
  redis.call('HSET', jobs, id, text)
  with_place(jobs_of(job.owner), job.place)
  with_place(jobs_with(job.status), job.place)
  with_place(expiry, job.expires .. id)
  for _, what in ipairs({ 'file', 'poster' }) do
    if job[what] then redis.call('SADD', jobs_by_file(what, job[what]), id) end
  end
end

local function remove_job(id)
  local text = redis.call('HGET', jobs, id)
  if not text then return 0 end
  local job = cjson.decode(text)
  redis.call('ZREM', jobs_of(job.owner), job.place)
  redis.call('ZREM', jobs_with(job.status), job.place)
  redis.call('ZREM', expiry, job.expires .. id)
  for _, what in ipairs({ 'file', 'poster' }) do
    if job[what] then redis.call('SREM', jobs_by_file(what, job[what]), id) end
  end
  return redis.call('HDEL', jobs, id)
end

-- The oldest of a list beyond the newest `kept`.
local function oldest_beyond(list, kept)
  local over = redis.call('ZCARD', list) - kept
  return over > 0 and redis.call('ZRANGE', list, 0, over - 1) or {}
end

function op.insert_video_job()
  local id, text, owner, kept = take(), take(), take(), count()
  put_job(id, text)
  for _, place in ipairs(oldest_beyond(jobs_of(owner), kept)) do
    local old = string.sub(place, 17)
    local status = cjson.decode(redis.call('HGET', jobs, old)).status
    if status ~= 'queued' and status ~= 'in_progress' then remove_job(old) end
  end
  did(1)
end

function op.update_video_job()
  local id, text = take(), take()
  local rows = remove_job(id)
  if rows == 1 then put_job(id, text) end
  did(rows)
end

function op.delete_video_job()
  did(remove_job(take()))
end

function op.sweep_video_jobs()
  local rows, before, kept = 0, take(), count()
  for _, place in ipairs(redis.call('ZRANGE', expiry, '-', before, 'BYLEX')) do
    rows = rows + remove_job(string.sub(place, 17))
  end
  for _, status in ipairs({ 'cancelled', 'failed' }) do
    for _, place in ipairs(oldest_beyond(jobs_with(status), kept)) do
      rows = rows + remove_job(string.sub(place, 17))
    end
  end
  did(rows)
end
