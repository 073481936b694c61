#!lua
-- Applies one batch of writes: all of it, or nothing. Redis runs a script alone and writes its effects to its file in
-- one piece; whatever can be refused is looked for before the first write, since a script is not undone.
--
-- KEYS[1]: the mark of the writer. ARGV: what all keys begin with, the number of the batch, how many seconds the mark
-- stays, the channel and the text of the news (none = empty), what must be new, then operations by name (`pack/`).
-- Numbers are texts: Lua's own lose digits above 2^53. A "place" is a time as 16 hexadecimal digits and an id, so the
-- bytewise order of places is that of (time, id); sorted sets hold places, all with the score 0.
local prefix, number, mark_secs, channel, news = unpack(ARGV, 1, 5)
local at = 5
local op, done = {}, {}
-- Arguments of one call are bounded by Lua's stack.
local part = 1000

local function take()
  at = at + 1
  return ARGV[at]
end

local function count()
  return tonumber(take())
end

-- Of the first `last` arguments that follow.
local function skip(last)
  local first = at + 1
  at = at + last
  return first, at
end

local function did(rows, more)
  local one = more or {}
  one.rows = rows
  done[#done + 1] = one
end

-- Adds to a counter, which stays at the largest number there is.
local function add(key, field, amount)
  if amount == '0' then return end
  local sum = redis.pcall('HINCRBY', key, field, amount)
  if type(sum) == 'table' and sum.err then
    redis.call('HSET', key, field, '9223372036854775807')
  end
end

-- Of two numbers that are not negative.
local function is_larger(one, other)
  return #one > #other or (#one == #other and one > other)
end

-- Counts in a hash whose fields go at zero.
local function tally(key, field, amount)
  if redis.call('HINCRBY', key, field, amount) <= 0 then
    redis.call('HDEL', key, field)
  end
end

local function with_place(key, place)
  redis.call('ZADD', key, '0', place)
end

-- For lists of any length.
local function in_parts(command, key, list)
  for first = 1, #list, part do
    redis.call(command, key, unpack(list, first, math.min(first + part - 1, #list)))
  end
end
