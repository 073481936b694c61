-- Media as JSON, found by time, kind, owner, account and file. Files are told apart by what they are: `image`, `video`,
-- or `poster` for the first picture of a video; of each the size, the rows and the newest row are kept, and the sizes
-- of all are summed.
local media, files, file_bytes = prefix .. 'media', prefix .. 'media:files', prefix .. 'media:bytes'
local newest = prefix .. 'media:newest'
local media_owners, media_accounts = prefix .. 'media:owners', prefix .. 'media:accounts'
local visitor = 'visitor:'

local function rows_of(what, file)
  return prefix .. 'media:file:' .. what .. '/' .. file
end

local function last_of(list)
  return redis.call('ZRANGE', list, -1, -1)[1]
end

-- The size of a file becomes this, or it is gone.
local function resize(what, file, bytes)
  local name = what .. '/' .. file
  local known = redis.call('HGET', files, name)
  if known then add(file_bytes, what, '-' .. known) end
  if bytes then
    add(file_bytes, what, bytes)
    redis.call('HSET', files, name, bytes)
  else
    redis.call('HDEL', files, name)
  end
end

local function renew_newest(what, before, after)
  if what == 'poster' or before == after then return end
  if before then redis.call('ZREM', newest, before) end
  if after then with_place(newest, after) end
end

local function add_to_file(what, file, bytes, place)
  local list = rows_of(what, file)
  local before = last_of(list)
  with_place(list, place)
  renew_newest(what, before, last_of(list))
  local known = redis.call('HGET', files, what .. '/' .. file)
  if not known or is_larger(bytes, known) then resize(what, file, bytes) end
end

-- What the rows that are left say of the size of a file.
local function bytes_left(what, list, known)
  local most = '0'
  for _, place in ipairs(redis.call('ZRANGE', list, 0, -1)) do
    local row = cjson.decode(redis.call('HGET', media, string.sub(place, 17)))
    local bytes = what == 'poster' and row.poster_bytes or row.bytes
    if bytes == known then return known end
    if is_larger(bytes, most) then most = bytes end
  end
  return most
end

local function remove_from_file(what, file, bytes, place)
  local list = rows_of(what, file)
  local before = last_of(list)
  redis.call('ZREM', list, place)
  local after = last_of(list)
  renew_newest(what, before, after)
  if not after then
    resize(what, file, nil)
  elseif redis.call('HGET', files, what .. '/' .. file) == bytes then
    local left = bytes_left(what, list, bytes)
    if left ~= bytes then resize(what, file, left) end
  end
end

-- All browsers are one owner in the list of owners, and can be listed as one.
local function group_of(owner)
  return string.sub(owner, 1, #visitor) == visitor and visitor or owner
end

-- Does the same for each list that a row is in.
local function each_list(row, act)
  act(prefix .. 'media:time', row.place)
  act(prefix .. 'media:kind:' .. row.kind, row.place)
  act(prefix .. 'media:account:' .. row.account, row.place)
  act(prefix .. 'media:owner:' .. row.owner, row.place)
  local group = group_of(row.owner)
  if group ~= row.owner then act(prefix .. 'media:owner:' .. group, row.place) end
end

local function remove_media(id, row)
  redis.call('HDEL', media, id)
  each_list(row, function(list, place) redis.call('ZREM', list, place) end)
  tally(media_owners, group_of(row.owner), -1)
  tally(media_accounts, row.account, -1)
  remove_from_file(row.kind, row.file, row.bytes, row.place)
  if row.poster then remove_from_file('poster', row.poster, row.poster_bytes, row.place) end
end

local function is_used(kind, file)
  return redis.call('EXISTS', rows_of(kind, file), rows_of('poster', file), jobs_by_file('file', file),
    jobs_by_file('poster', file)) > 0
end

-- Of these files, each as kind and name, those that nothing has.
local function did_remove(rows, candidates)
  local unused = {}
  for _, one in pairs(candidates) do
    if not is_used(one[1], one[2]) then unused[#unused + 1] = one end
  end
  did(rows, { files = #unused > 0 and unused or nil })
end

function op.insert_media()
  local rows = count()
  for _ = 1, rows do
    local id, text = take(), take()
    local row = cjson.decode(text)
    redis.call('HSET', media, id, text)
    each_list(row, with_place)
    tally(media_owners, group_of(row.owner), 1)
    tally(media_accounts, row.account, 1)
    add_to_file(row.kind, row.file, row.bytes, row.place)
    if row.poster then add_to_file('poster', row.poster, row.poster_bytes, row.place) end
  end
  did(rows)
end

function op.delete_media()
  local has_owner, owner = take() == '1', take()
  local rows, candidates = 0, {}
  for _ = 1, count() do
    local id = take()
    local text = redis.call('HGET', media, id)
    local row = text and cjson.decode(text)
    if row and (not has_owner or row.owner == owner) then
      remove_media(id, row)
      rows = rows + 1
      if row.kind == 'video' then remove_job('video_' .. id) end
      candidates[row.kind .. '/' .. row.file] = { row.kind, row.file }
      if row.poster then candidates['image/' .. row.poster] = { 'image', row.poster } end
    end
  end
  did_remove(rows, candidates)
end

function op.delete_media_of()
  local rows, candidates = 0, {}
  for _ = 1, count() do
    local file = take()
    for _, kind in ipairs({ 'image', 'video' }) do
      for _, place in ipairs(redis.call('ZRANGE', rows_of(kind, file), 0, -1)) do
        local id = string.sub(place, 17)
        local row = cjson.decode(redis.call('HGET', media, id))
        remove_media(id, row)
        rows = rows + 1
        if row.poster then candidates['image/' .. row.poster] = { 'image', row.poster } end
      end
    end
    for _, id in ipairs(redis.call('SMEMBERS', jobs_by_file('file', file))) do remove_job(id) end
  end
  did_remove(rows, candidates)
end
