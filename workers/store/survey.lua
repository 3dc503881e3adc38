-- Claim the survey of an account if it is due: one at a time, and none too early. Whose
-- worker died over it leaves it due when the lease ends.
-- asked: account, lease_ms; answers 1 or 0
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key = P .. 'survey:' .. asked.account
local held = redis.call('HMGET', key, 'until', 'next')
if tonumber(held[1] or '0') > now or tonumber(held[2] or '0') > now then return 0 end
redis.call('HSET', key, 'until', now + asked.lease_ms)
return 1
