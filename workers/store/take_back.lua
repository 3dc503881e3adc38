-- Take in that some sources take back what they told of an open case: its next plan reads
-- it among what joined. asked: op, case, rev, departure (the word), entry, grace_ms
-- answers ok, changed, written
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local due_at = time[1] * 1000 + math.floor(time[2] / 1000) + asked.grace_ms
local case = P .. 'case:' .. asked.case
-- The client repeats a call whose answer was lost.
if redis.call('HGET', case, 'turn') == asked.op then return 'ok' end
local state = redis.call('HMGET', case, 'rev', 'status', 'wrote', 'brake')
if tonumber(state[1] or '-1') ~= asked.rev then return 'changed' end
if state[2] ~= 'open' and state[2] ~= 'waiting' then return 'changed' end
if state[3] == '1' then return 'written' end
redis.call('RPUSH', case .. ':joins', asked.departure)
redis.call('RPUSH', case .. ':ledger', asked.entry)
-- Until it is chained and signed.
redis.call('ZADD', P .. 'unsealed', 'NX', due_at - asked.grace_ms, asked.case)
redis.call('HINCRBY', case, 'rev', 1)
mark(case)
redis.call('HSET', case, 'turn', asked.op)
-- What the brake holds does not plan.
if state[4] == 'held' then return 'ok' end
redis.call('SADD', case .. ':pending', 'plan')
redis.call('DEL', P .. 'work:' .. asked.case .. '|plan|')
redis.call('ZADD', P .. 'due', due_at, asked.case .. '|plan|')
return 'ok'
