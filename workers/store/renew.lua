-- Prolong a lease that is still ours.
-- asked: member, lease, fence, ttl_ms, forgotten_ms; answers 1 or 0
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- What is foreseen has a set of its own, and so have messages that are kept up to date,
-- so that no number of them delays other work.
local function due_of(member)
  if string.find(member, '|show|', 1, true) then return P .. 'shown' end
  return P .. (string.find(member, '|foresee|', 1, true) and 'ahead' or 'due')
end
local lease = P .. 'lease:' .. asked.lease
local held = redis.call('HMGET', lease, 'fence', 'until')
if tonumber(held[1] or '-1') ~= asked.fence then return 0 end
-- 0 means the work was given back; a lease that merely ran out is still nobody else's.
if tonumber(held[2] or '0') == 0 then return 0 end
redis.call('HSET', lease, 'until', now + asked.ttl_ms)
redis.call('PEXPIRE', lease, asked.forgotten_ms)
redis.call('ZADD', due_of(asked.member), now + asked.ttl_ms, asked.member)
return 1
