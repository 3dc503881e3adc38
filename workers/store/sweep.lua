-- Take what is due and push it forward in the same step, so that two sweeps never send
-- the same work at once. asked: limit, push_ms; answers the members
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local members = redis.call('ZRANGEBYSCORE', P .. 'due', 0, now, 'LIMIT', 0, asked.limit)
for _, member in ipairs(members) do
  redis.call('ZADD', P .. 'due', now + asked.push_ms, member)
end
redis.call('SET', P .. 'swept', now)
return members
