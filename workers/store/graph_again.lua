-- Who is to be looked up once more. asked: mode, and with
-- add:  subject, after_ms
-- due:  limit; answers [subject, at, subject, at …], the longest due first
-- done: subject, at; unless it was asked for anew meanwhile
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local again = P .. 'entra_graph:again'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if asked.mode == 'add' then
  redis.call('ZADD', again, now + asked.after_ms, asked.subject)
  return 1
end
if asked.mode == 'done' then
  local at = redis.call('ZSCORE', again, asked.subject)
  if at and tonumber(at) == asked.at then redis.call('ZREM', again, asked.subject) end
  return 1
end
return redis.call('ZRANGEBYSCORE', again, 0, now, 'WITHSCORES', 'LIMIT', 0, asked.limit)
