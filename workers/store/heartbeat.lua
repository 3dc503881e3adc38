-- Write down that a process lives, at the server's time; who was silent for long is
-- forgotten. Said twice it is the same.
-- asked: member, kind, version, run (of this very process), forget_ms
-- answers all of them: now, then name and record in turn
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key = P .. 'heartbeats'
local since = now
local before = redis.call('HGET', key, asked.member)
if before then
  local was = cjson.decode(before)
  if was.run == asked.run then since = was.since end
end
redis.call('HSET', key, asked.member, cjson.encode({
  kind = asked.kind, version = asked.version, run = asked.run, since = since, at = now
}))
local found = redis.call('HGETALL', key)
local said = {now}
for at = 1, #found, 2 do
  if cjson.decode(found[at + 1]).at < now - asked.forget_ms then
    redis.call('HDEL', key, found[at])
  else
    table.insert(said, found[at])
    table.insert(said, found[at + 1])
  end
end
return said
