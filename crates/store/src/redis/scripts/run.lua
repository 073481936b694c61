local known, answer = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (.*)$')
if known == number then
  return { 'done', answer }
elseif known and is_larger(known, number) then
  return { 'stale' }
end

-- What must be new comes twice in the batch, or is there.
local twin_hash, twin = take(), take()
if twin_hash ~= '' then return { 'refused', twin_hash, twin } end
for _ = 1, count() do
  local hash = take()
  local first, last = skip(count())
  for begin = first, last, part do
    local there = redis.call('HMGET', prefix .. hash, unpack(ARGV, begin, math.min(begin + part - 1, last)))
    for n, text in ipairs(there) do
      if text then return { 'refused', hash, ARGV[begin + n - 1] } end
    end
  end
end

while at < #ARGV do op[take()]() end

answer = #done > 0 and cjson.encode(done) or '[]'
redis.call('SET', KEYS[1], number .. ' ' .. answer, 'EX', mark_secs)
if news ~= '' then redis.call('PUBLISH', channel, news) end
return { 'done', answer }
