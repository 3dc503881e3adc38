-- Write what a worker did after its lease was lost. No fence is asked, so no target and
-- no status is written, and no work ends.
-- asked: case, op, rev, head? (as read, with more warnings), entries, reports,
--        after [member]; answers ok, changed
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local case = P .. 'case:' .. asked.case
local before = redis.call('HMGET', case, 'rev', 'owned_up')
if before[2] == asked.op then return 'ok' end
if tonumber(before[1] or '-1') ~= asked.rev then return 'changed' end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', case, 'owned_up', asked.op)
for _, entry in ipairs(asked.entries) do redis.call('RPUSH', case .. ':ledger', entry) end
redis.call('ZADD', P .. 'unsealed', 'NX', now, asked.case)
for id, line in pairs(asked.reports) do redis.call('HSET', case .. ':reports', id, line) end
for _, member in ipairs(asked.after) do redis.call('ZADD', P .. 'due', now, member) end
if asked.head then
  redis.call('HSET', case, 'head', asked.head)
  redis.call('HINCRBY', case, 'rev', 1)
end
return 'ok'
