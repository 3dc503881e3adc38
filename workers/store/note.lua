-- Correct one target of the owner index, unless it was read later than this.
-- asked: account, target, holding, at; answers 1 or 0
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local key = P .. 'owners:' .. asked.account
if redis.call('HEXISTS', key, 'head') == 0 then return 0 end
local noted = P .. 'noted:' .. asked.account
local before = tonumber(redis.call('HGET', noted, asked.target) or '0')
if before > asked.at then return 0 end
redis.call('HSET', key, asked.target, asked.holding)
redis.call('HSET', noted, asked.target, asked.at)
redis.call('EXPIRE', noted, 86400)
return 1
