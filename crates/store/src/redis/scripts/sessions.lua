-- Sessions by the hash of their id: when they end, as 16 hexadecimal digits, and what they know.
local sessions, ends = prefix .. 'sessions', prefix .. 'sessions:ends'

function op.create_session()
  local id, over, data = take(), take(), take()
  local rows = redis.call('HSETNX', sessions, id, over .. data)
  if rows == 1 then with_place(ends, over .. id) end
  did(rows)
end

local function change_session(id, over, data)
  local old = redis.call('HGET', sessions, id)
  if not old then return did(0) end
  redis.call('ZREM', ends, string.sub(old, 1, 16) .. id)
  redis.call('HSET', sessions, id, over .. (data or string.sub(old, 17)))
  with_place(ends, over .. id)
  did(1)
end

function op.save_session()
  local id, over, data = take(), take(), take()
  change_session(id, over, data)
end

function op.touch_session()
  local id, over = take(), take()
  change_session(id, over)
end

function op.delete_session()
  local id = take()
  local old = redis.call('HGET', sessions, id)
  if not old then return did(0) end
  redis.call('ZREM', ends, string.sub(old, 1, 16) .. id)
  did(redis.call('HDEL', sessions, id))
end

function op.delete_all_sessions()
  local rows = redis.call('HLEN', sessions)
  redis.call('DEL', sessions, ends)
  did(rows)
end

function op.sweep_sessions()
  local places = redis.call('ZRANGE', ends, '-', take(), 'BYLEX')
  for _, place in ipairs(places) do redis.call('HDEL', sessions, string.sub(place, 17)) end
  in_parts('ZREM', ends, places)
  did(#places)
end
