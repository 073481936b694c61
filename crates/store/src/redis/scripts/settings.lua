-- Settings: texts by name.
function op.set_setting()
  redis.call('HSET', prefix .. 'settings', take(), take())
  did(1)
end
