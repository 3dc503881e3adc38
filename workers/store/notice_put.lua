-- Write how a channel fared: tell it again at a time, or never.
-- with counting.lua
-- asked: id, channel, line, state, again_at?, remembered_ms, is_trial
-- What was sent or failed stays so: a worker that comes late changes nothing.
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local notice, member = P .. 'notice:' .. asked.id, asked.id .. '|' .. asked.channel
local due, failed = P .. 'notices:due', P .. 'notices:failed'
local before = redis.call('HGET', notice, 'line:' .. asked.channel)
if not before then return redis.call('ZREM', due, member) end
local state = cjson.decode(before).state
if state == 'sent' or state == 'failed' then return redis.call('ZREM', due, member) end
redis.call('HSET', notice, 'line:' .. asked.channel, asked.line)
if asked.state ~= 'pending' and asked.state ~= state then
  local kind = said_in(redis.call('HGET', notice, 'notice'), 'kind') or 'unknown'
  count_field(P, 'offboard_notifications_total|' .. asked.channel .. '|' .. kind .. '|' .. asked.state)
end
redis.call('HDEL', notice, 'begun:' .. asked.channel)
if asked.again_at then return redis.call('ZADD', due, asked.again_at, member) end
redis.call('ZREM', due, member)
redis.call('ZREMRANGEBYSCORE', failed, '-inf', now - asked.remembered_ms)
-- Whoever tries the channels looks by themselves.
if asked.state == 'failed' and not asked.is_trial then redis.call('ZADD', failed, now, member) end
return 0
