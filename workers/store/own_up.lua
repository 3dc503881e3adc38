-- Write what a worker did after its lease was lost. No fence is asked, so no target and
-- no status is written, and no work ends.
-- asked: case, op, op_ttl, rev, head? (as read, with more warnings), entries, reports,
--        after [member]; answers ok, changed
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local case = P .. 'case:' .. asked.case
-- Each call by itself: entries alone change no revision that would tell a repeat, and
-- another worker may own up in between.
local done = P .. 'owned_up:' .. asked.op
if redis.call('EXISTS', done) == 1 then return 'ok' end
if tonumber(redis.call('HGET', case, 'rev') or '-1') ~= asked.rev then return 'changed' end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', done, '1', 'EX', asked.op_ttl)
for _, entry in ipairs(asked.entries) do redis.call('RPUSH', case .. ':ledger', entry) end
redis.call('ZADD', P .. 'unsealed', 'NX', now, asked.case)
mark(case)
for id, line in pairs(asked.reports) do redis.call('HSET', case .. ':reports', id, line) end
for _, member in ipairs(asked.after) do
  -- Messages that are kept up to date have a set of their own.
  local set = string.find(member, '|show|', 1, true) and 'shown' or 'due'
  redis.call('ZADD', P .. set, now, member)
end
if asked.head then
  redis.call('HSET', case, 'head', asked.head)
  redis.call('HINCRBY', case, 'rev', 1)
end
return 'ok'
