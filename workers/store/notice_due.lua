-- Take what is to be told and push it forward in the same step, so that nobody else gets
-- it meanwhile. asked: limit, lease_ms; answers the members <id>|<channel>
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due, taken = P .. 'notices:due', {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', due, 0, now, 'LIMIT', 0, asked.limit)) do
  local id, channel = member:match('^(.*)|(.*)$')
  local notice = P .. 'notice:' .. id
  local line = redis.call('HGET', notice, 'line:' .. channel)
  -- One that cannot be read must not keep all others, and the sweep, from their turn.
  local is_read, said = pcall(cjson.decode, line or '')
  local state = is_read and said.state
  -- What was told while it waited in an old copy is not told again.
  if line and state ~= 'sent' and state ~= 'failed' then
    redis.call('ZADD', due, now + asked.lease_ms, member)
    table.insert(taken, member)
  else
    redis.call('ZREM', due, member)
  end
end
return taken
