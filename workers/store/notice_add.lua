-- Keep a notice and have every channel told, unless it is remembered already.
-- asked: id, op, notice, lines {channel = line}, ttl; answers 1 if it is new, else 0
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local notice = P .. 'notice:' .. asked.id
if redis.call('EXISTS', notice) == 1 then
  return redis.call('HGET', notice, 'op') == asked.op and 1 or 0
end
redis.call('HSET', notice, 'op', asked.op, 'notice', asked.notice)
mark(notice)
for channel, line in pairs(asked.lines) do
  redis.call('HSET', notice, 'line:' .. channel, line)
  redis.call('ZADD', P .. 'notices:due', now, asked.id .. '|' .. channel)
end
redis.call('EXPIRE', notice, asked.ttl)
return 1
