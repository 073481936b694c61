-- Accounts: quota, use count and time of the last use before a line feed, the rest as JSON after it. Most changes are
-- of the former alone.
local accounts, hashes = prefix .. 'accounts', prefix .. 'account_hashes'

-- The last of the parts begins with the line feed.
local function split(text)
  local quota, uses, used_at, rest = string.match(text, '^(%d+) (%d+) (%-?%d*)()\n')
  return quota, uses, used_at, string.sub(text, rest)
end

local function join(quota, uses, used_at, rest)
  return string.format('%.0f %.0f ', quota, uses) .. used_at .. rest
end

function op.insert_accounts()
  local ids = {}
  for _ = 1, count() do
    local id, hash, text = take(), take(), take()
    if redis.call('HEXISTS', accounts, id) == 0 and redis.call('HSETNX', hashes, hash, id) == 1 then
      redis.call('HSET', accounts, id, text)
      ids[#ids + 1] = id
    end
  end
  did(#ids, { ids = #ids > 0 and ids or nil })
end

function op.delete_accounts()
  local rows = 0
  for _ = 1, count() do
    local id = take()
    local text = redis.call('HGET', accounts, id)
    if text then
      local _, _, _, rest = split(text)
      redis.call('HDEL', hashes, cjson.decode(rest).credential_hash)
      redis.call('HDEL', accounts, id)
      rows = rows + 1
    end
  end
  did(rows)
end

-- The ids, then what each used and when.
function op.use_quota()
  local accounts_used = count()
  local first, last = skip(accounts_used)
  local used = skip(2 * accounts_used)
  for begin = first, last, part do
    local texts = redis.call('HMGET', accounts, unpack(ARGV, begin, math.min(begin + part - 1, last)))
    local changed = {}
    for n, text in ipairs(texts) do
      if text then
        local quota, uses, _, rest = split(text)
        changed[#changed + 1] = ARGV[begin + n - 1]
        changed[#changed + 1] = join(math.max(quota - ARGV[used], 0), uses + ARGV[used], ARGV[used + 1], rest)
      end
      used = used + 2
    end
    if #changed > 0 then redis.call('HSET', accounts, unpack(changed)) end
  end
end

-- Arguments of a patch, its account's id included.
local patch_arguments = 11

-- A cooldown with this end is over, if the account has it; what was used before is taken from what it had.
local function end_cooldown(row, quota, over, new_quota, used)
  local left = math.max(quota - used, 0)
  if row.status ~= 'cooling' or (row.cooldown_until_ms or '') ~= over then return left end
  row.status, row.cooldown_until_ms, row.cooldown_reason = 'active', nil, nil
  return new_quota ~= '' and new_quota or left
end

-- What is set (an object) and what is cleared (a list of names) come last, as JSON.
local function patch()
  local id, new_quota, used, uses_more, new_used_at = take(), take(), count(), count(), take()
  local has_ended, ended_at, ended_quota, ended_used = take() == '1', take(), take(), count()
  local set, cleared = cjson.decode(take()), cjson.decode(take())
  local text = redis.call('HGET', accounts, id)
  if not text then return end
  local quota, uses, used_at, rest = split(text)
  local row = cjson.decode(rest)
  if new_quota ~= '' then quota = new_quota end
  if has_ended then quota = end_cooldown(row, quota, ended_at, ended_quota, ended_used) end
  if new_used_at ~= '' then used_at = new_used_at end
  for _, name in ipairs(cleared) do row[name] = nil end
  for name, value in pairs(set) do row[name] = value end
  text = join(math.max(quota - used, 0), uses + uses_more, used_at, '\n' .. cjson.encode(row))
  redis.call('HSET', accounts, id, text)
end

op.patch_account = patch

-- The new hash, then a patch that also sets credential and hash.
function op.replace_credential()
  local hash, id = take(), ARGV[at + 1]
  local owner, text = redis.call('HGET', hashes, hash), redis.call('HGET', accounts, id)
  if not text or (owner and owner ~= id) then
    skip(patch_arguments)
    return did(0)
  end
  local _, _, _, rest = split(text)
  redis.call('HDEL', hashes, cjson.decode(rest).credential_hash)
  redis.call('HSET', hashes, hash, id)
  patch()
  did(1)
end
