-- Write in some cases how the notice fared on one channel that told of them.
-- asked: id, channel, upto (all before it are written then),
--        marks [{case, line, before, after, entry}]
-- A line that changed since it was read stays as it is, so that a repeat adds nothing.
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local written = 0
for _, one in ipairs(asked.marks) do
  local case = P .. 'case:' .. one.case
  local is_now = redis.call('HGET', case .. ':reports', one.line)
  if is_now == one.after then
    written = written + 1
  elseif is_now == one.before then
    redis.call('HSET', case .. ':reports', one.line, one.after)
    redis.call('RPUSH', case .. ':ledger', one.entry)
    redis.call('ZADD', P .. 'unsealed', 'NX', now, one.case)
    written = written + 1
  end
end
local marked, field = P .. 'together:marked', asked.id .. '|' .. asked.channel
local before = tonumber(redis.call('HGET', marked, field) or '0')
if asked.upto > before then redis.call('HSET', marked, field, asked.upto) end
return written
