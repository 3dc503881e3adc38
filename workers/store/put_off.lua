-- Have work that nobody can begin come back later. What is not due any more stays so.
-- asked: member, later_ms
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = P .. (string.find(asked.member, '|foresee|', 1, true) and 'ahead' or 'due')
if string.find(asked.member, '|show|', 1, true) then due = P .. 'shown' end
return redis.call('ZADD', due, 'XX', 'GT', now + asked.later_ms, asked.member)
