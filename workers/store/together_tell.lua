-- Put the notice into the outbox that tells of many cases at once, and bind their lines
-- to it, all in one step: who dies after it leaves nothing half told.
-- asked: queue, since, upto (the lines it tells of, by their numbers), id, op, notice,
--        lines {channel = line}, ttl, day?, record? (of a digest: one a day),
--        crowd?, apart_ms (of a crowd: its name, and when the next is told of, if it grew)
-- answers 1 if it is told now, 0 if somebody was faster
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local notice = P .. 'notice:' .. asked.id
local is_there = redis.call('EXISTS', notice) == 1
if is_there and redis.call('HGET', notice, 'op') == asked.op then return 1 end
local told = P .. 'together:upto'
if tonumber(redis.call('HGET', told, asked.queue) or '0') ~= asked.since then return 0 end
if asked.day then
  local last = redis.call('HGET', P .. 'digest', 'day')
  if last and last >= asked.day then return 0 end
  redis.call('HSET', P .. 'digest', 'day', asked.day)
end
-- Told before, by a clock that was ahead: its lines wait for the next.
if is_there then return 0 end
if asked.record then redis.call('HSET', P .. 'digest', 'record', asked.record) end
redis.call('HSET', notice, 'op', asked.op, 'notice', asked.notice)
for channel, line in pairs(asked.lines) do
  redis.call('HSET', notice, 'line:' .. channel, line)
  redis.call('ZADD', P .. 'notices:due', now, asked.id .. '|' .. channel)
end
redis.call('EXPIRE', notice, asked.ttl)
redis.call('HSET', told, asked.queue, asked.upto)
if asked.crowd then
  redis.call('ZREM', P .. 'crowds', asked.crowd)
  redis.call('HSET', P .. 'crowds:told', asked.crowd, now)
  local queue = P .. 'together:' .. asked.queue
  if redis.call('ZCOUNT', queue, '(' .. asked.upto, '+inf') > 0 then
    redis.call('ZADD', P .. 'crowds', now + asked.apart_ms, asked.crowd)
  end
end
if asked.upto > asked.since then
  local span = {queue = asked.queue, since = asked.since, upto = asked.upto}
  redis.call('HSET', P .. 'together:told', asked.id, cjson.encode(span))
end
return 1
