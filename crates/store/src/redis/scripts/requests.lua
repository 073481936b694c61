-- Requests as JSON, found by time, also those that failed alone; and their sums.
local requests = prefix .. 'requests'
local by_time, failed = prefix .. 'requests:time', prefix .. 'requests:failed'
local totals, largest = 10, '9223372036854775807'

local function sums_of(span)
  return prefix .. 'sums:' .. span, prefix .. 'sums:' .. span .. ':places'
end

-- Of two numbers that are not negative; stays at the largest number there is.
local function plus(one, other)
  if #one < 16 and #other < 16 then return string.format('%.0f', one + other) end
  local digits, carry = {}, 0
  for n = 1, math.max(#one, #other) + 1 do
    local sum = carry + (tonumber(string.sub(one, -n, -n)) or 0) + (tonumber(string.sub(other, -n, -n)) or 0)
    digits[n], carry = sum % 10, math.floor(sum / 10)
  end
  local text = string.gsub(string.reverse(table.concat(digits)), '^0+', '')
  return is_larger(text, largest) and largest or text
end

-- The caller bounds their number.
function op.insert_requests()
  local rows, failures = count(), count()
  redis.call('HSET', requests, unpack(ARGV, skip(2 * rows)))
  redis.call('ZADD', by_time, unpack(ARGV, skip(2 * rows)))
  if failures > 0 then
    redis.call('ZADD', failed, unpack(ARGV, skip(2 * failures)))
  end
end

-- Numbers of which the last is the longest time, which is not added.
function op.add_sum()
  local sums, places = sums_of(take())
  local place, new = take(), {}
  for n = 1, totals do new[n] = take() end
  local known = redis.call('HGET', sums, place)
  local n = 0
  for total in string.gmatch(known or '', '%d+') do
    n = n + 1
    if n < totals then
      new[n] = plus(total, new[n])
    elseif is_larger(total, new[n]) then
      new[n] = total
    end
  end
  if not known then with_place(places, place) end
  redis.call('HSET', sums, place, table.concat(new, ' '))
end

function op.prune_requests()
  local before, limit = take(), take()
  local places = redis.call('ZRANGE', by_time, '-', before, 'BYLEX', 'LIMIT', '0', limit)
  local ids = {}
  for n, place in ipairs(places) do ids[n] = string.sub(place, 17) end
  in_parts('HDEL', requests, ids)
  in_parts('ZREM', by_time, places)
  in_parts('ZREM', failed, places)
  did(#places)
end

function op.prune_sums()
  local sums, places = sums_of(take())
  local old = redis.call('ZRANGE', places, '-', take(), 'BYLEX', 'LIMIT', '0', take())
  in_parts('HDEL', sums, old)
  in_parts('ZREM', places, old)
  did(#old)
end
