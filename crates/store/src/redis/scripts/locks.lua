-- Locks by name: when they end by the clock of callers, as 16 hexadecimal digits, and the holder.
local locks = prefix .. 'locks'

function op.take_lock()
  local name, holder, now, over = take(), take(), take(), take()
  local held = redis.call('HGET', locks, name)
  if held and string.sub(held, 1, 16) > now then return did(0) end
  redis.call('HSET', locks, name, over .. holder)
  did(1)
end

function op.renew_lock()
  local name, holder, now, over = take(), take(), take(), take()
  local held = redis.call('HGET', locks, name)
  if not held or string.sub(held, 17) ~= holder or string.sub(held, 1, 16) <= now then return did(0) end
  redis.call('HSET', locks, name, over .. holder)
  did(1)
end

function op.release_lock()
  local name, holder = take(), take()
  local held = redis.call('HGET', locks, name)
  if not held or string.sub(held, 17) ~= holder then return did(0) end
  did(redis.call('HDEL', locks, name))
end
