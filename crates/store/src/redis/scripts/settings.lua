-- Settings: texts by name.
function op.set_setting()
  redis.call('HSET', prefix .. 'settings', take(), take())
  did(1)
end

function op.delete_setting()
  did(redis.call('HDEL', prefix .. 'settings', take()))
end
