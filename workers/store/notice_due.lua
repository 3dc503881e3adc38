-- Take what is to be told and push it forward in the same step, so that nobody else gets
-- it meanwhile. asked: limit, lease_ms; answers the members <id>|<channel>
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due, taken = P .. 'notices:due', {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', due, 0, now, 'LIMIT', 0, asked.limit)) do
  local id, channel = member:match('^(.*)|(.*)$')
  local notice = P .. 'notice:' .. id
  if redis.call('HEXISTS', notice, 'line:' .. channel) == 1 then
    redis.call('ZADD', due, now + asked.lease_ms, member)
    table.insert(taken, member)
  else
    redis.call('ZREM', due, member)
  end
end
return taken
