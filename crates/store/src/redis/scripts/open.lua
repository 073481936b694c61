#!lua
-- What an opening does in one step, so that instances that start at once do not collide: looks at the version and the
-- check of the key, sets both in an empty database, and uses each command that the scripts use, so that a login without
-- the right to one is refused now.
-- ARGV: what all keys begin with, our version, our check of the key.
local prefix, version, check = unpack(ARGV)
local version_key, settings, probe = prefix .. 'version', prefix .. 'settings', prefix .. 'probe'
redis.call('SET', version_key, version, 'NX')
local found = redis.call('GET', version_key)
if tonumber(found) > tonumber(version) then return { 'newer', found } end
redis.call('HSETNX', settings, 'store.key_check', check)
if redis.call('HGET', settings, 'store.key_check') ~= check then return { 'wrong key' } end

redis.call('SET', probe, '1', 'EX', '60')
redis.call('EXISTS', probe)
redis.call('DEL', probe)
redis.call('HSET', probe, 'one', '1')
redis.call('HSETNX', probe, 'two', '2')
redis.call('HINCRBY', probe, 'one', '1')
redis.call('HEXISTS', probe, 'one')
redis.call('HLEN', probe)
redis.call('HDEL', probe, 'one', 'two')
redis.call('ZADD', probe, '0', 'one')
redis.call('ZCARD', probe)
redis.call('ZRANGE', probe, '-', '+', 'BYLEX', 'LIMIT', '0', '1')
redis.call('ZREM', probe, 'one')
redis.call('SADD', probe, 'one')
redis.call('SMEMBERS', probe)
redis.call('SREM', probe, 'one')
return { 'open' }
