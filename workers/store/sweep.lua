-- Take what is due and push it forward in the same step, so that two sweeps never send
-- the same work at once. asked: limit, ahead (how much of what is foreseen), push_ms
-- answers the members
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local members = {}
for set, limit in pairs({due = asked.limit, ahead = asked.ahead}) do
  local found = redis.call('ZRANGEBYSCORE', P .. set, 0, now, 'LIMIT', 0, limit)
  for _, member in ipairs(found) do
    redis.call('ZADD', P .. set, now + asked.push_ms, member)
    table.insert(members, member)
  end
end
redis.call('SET', P .. 'swept', now)
return members
