-- Turn a case by a person's hand: cancel it, take it up again, or note something in it.
-- with counting.lua
-- asked: op, case, rev, from, head, status, result, entry, refs, targets,
--        was {target id: as it was read, where a worker may write it meanwhile}, dropped,
--        reports, unwritten, takes (plans anew), by (who), held, keeps (neither takes nor
--        lets go), after [member], folded, grace_ms, outcomes (see counting.lua)
-- answers ok, changed, state, written, or taken:<case id>
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local case, due = P .. 'case:' .. asked.case, P .. 'due'
-- What is foreseen has a set of its own, and so have messages that are kept up to date,
-- so that no number of them delays other work.
local function due_of(member)
  if string.find(member, '|show|', 1, true) then return P .. 'shown' end
  return P .. (string.find(member, '|foresee|', 1, true) and 'ahead' or 'due')
end
local time = redis.call('TIME')
local due_at = time[1] * 1000 + math.floor(time[2] / 1000) + asked.grace_ms
local before = redis.call('HMGET', case, 'status', 'rev', 'result', 'wrote')
if redis.call('HGET', case, 'turn') == asked.op then return 'ok' end
if tonumber(before[2] or '-1') ~= asked.rev then return 'changed' end
local fits = false
for _, status in ipairs(asked.from) do fits = fits or status == before[1] end
if not fits then return 'state' end
if asked.unwritten and before[4] == '1' then return 'written' end
-- A target is written by whoever holds it, and that changes no revision.
local function said(target, name)
  local value = target[name]
  if type(value) == 'string' or type(value) == 'number' then return value end
  return nil
end
for id, text in pairs(asked.was) do
  local was = cjson.decode(text)
  local now = cjson.decode(redis.call('HGET', case .. ':targets', id) or '{}')
  for _, name in ipairs({'intent_at', 'reset_at', 'resets', 'outcome', 'polls', 'tries'}) do
    if said(was, name) ~= said(now, name) then return 'changed' end
  end
end
if asked.takes then
  for _, ref in ipairs(asked.refs) do
    local other = redis.call('HGET', P .. 'leavers', ref)
    if other and other ~= asked.case then return 'taken:' .. other end
  end
  for _, ref in ipairs(asked.refs) do
    redis.call('HSET', P .. 'leavers', ref, asked.case)
    redis.call('SADD', case .. ':names', ref)
  end
  redis.call('HDEL', case, 'gives_way', 'joined_as')
elseif not asked.keeps then
  -- All names it ever took: a plan under way may know more of them than the head does.
  for _, ref in ipairs(redis.call('SMEMBERS', case .. ':names')) do
    if redis.call('HGET', P .. 'leavers', ref) == asked.case then
      redis.call('HDEL', P .. 'leavers', ref)
    end
  end
  redis.call('DEL', case .. ':names')
end

-- Decided by itself, it waits for no decision about the brake any more.
if not asked.keeps and redis.call('HGET', case, 'brake') == 'held' then
  redis.call('ZREM', P .. 'braked', asked.case)
  redis.call('ZREM', P .. 'index:confidential', asked.case)
  redis.call('HDEL', P .. 'brake:lines', asked.case)
  redis.call('SREM', P .. 'brake:gone', asked.case)
  redis.call('HDEL', case, 'brake')
  if asked.takes then redis.call('HSET', case, 'brake', 'released', 'brake_by', asked.by) end
end
redis.call('HINCRBY', case, 'rev', 1)
mark(case)
redis.call('HSET', case, 'turn', asked.op)
redis.call('RPUSH', case .. ':ledger', asked.entry)
-- Until it is chained and signed.
redis.call('ZADD', P .. 'unsealed', 'NX', due_at - asked.grace_ms, asked.case)
if not asked.keeps then
  redis.call('HSET', case, 'head', asked.head, 'status', asked.status,
             'result', asked.result, 'held', asked.held)
  redis.call('ZREM', P .. 'index:status:' .. before[1], asked.case)
  redis.call('ZADD', P .. 'index:status:' .. asked.status, 0, asked.case)
  if before[3] ~= '' then redis.call('ZREM', P .. 'index:result:' .. before[3], asked.case) end
  if asked.status == 'cancelled' and before[1] ~= 'cancelled' then
    count_end(P, case, 'cancelled')
  end
  if asked.status == 'settled' or asked.status == 'cancelled' then
    redis.call('ZADD', P .. 'index:ended', 'NX', due_at - asked.grace_ms, asked.case)
  else
    redis.call('ZREM', P .. 'index:ended', asked.case)
  end
end
for id, target in pairs(asked.targets) do
  count_outcome(P, case, id, asked.outcomes)
  redis.call('HSET', case .. ':targets', id, target)
end
for _, id in ipairs(asked.dropped) do redis.call('HDEL', case .. ':targets', id) end
for id, line in pairs(asked.reports) do redis.call('HSET', case .. ':reports', id, line) end
if asked.takes then
  local plan = asked.case .. '|plan|'
  redis.call('SADD', case .. ':pending', 'plan')
  redis.call('DEL', P .. 'work:' .. plan)
  redis.call('ZADD', due, due_at, plan)
elseif not asked.keeps then
  redis.call('ZREM', due, asked.case .. '|plan|')
  redis.call('ZREM', P .. 'ahead', asked.case .. '|foresee|')
end
if asked.folded > 0 then redis.call('LTRIM', case .. ':joins', asked.folded, -1) end
for _, member in ipairs(asked.after) do
  -- Whoever is at it now has read the case as it was: it is asked for anew.
  redis.call('DEL', P .. 'work:' .. member)
  redis.call('ZADD', due_of(member), due_at, member)
end
return 'ok'
