-- Write a change under the fence, all of it or nothing, and keep the work, end it, or
-- put it back for later.
-- with why_old.lua
-- with counting.lua
-- asked: case, member, lease, fence, op, mode (keep | end | again), survives_cancel,
--        head?, rev, status, result, held, refs, targets, untouched, reports, entries,
--        wrote, account, folded, settles, after [{member, pending}], after_at (when that
--        may begin, if not at once), after_spare_ms, grace_ms, again_at, spare_ms (how
--        long the sweep leaves it to who brings it back then), seen, old_ms,
--        digested (case|kind:number, told by the next digest)?,
--        outcomes, told, observed (what is counted with it: see counting.lua),
--        untold (ids of report lines that failed), crowd? {name, member (case|kind:number),
--        left_out {ids of lines that are none then}, apart {members told all the same},
--        few, within_ms, gathered_ms, apart_ms}
-- answers ok, last (nothing is pending any more: report), anew (the same work was asked
-- for again meanwhile and stays), lost, cancelled, changed, paused,
-- under_way (another case has a reset of the target out)
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due_at = now + asked.grace_ms
-- What is foreseen has a set of its own, and so have messages that are kept up to date,
-- so that no number of them delays other work.
local function due_of(member)
  if string.find(member, '|show|', 1, true) then return P .. 'shown' end
  return P .. (string.find(member, '|foresee|', 1, true) and 'ahead' or 'due')
end
local case, due = P .. 'case:' .. asked.case, due_of(asked.member)
local lease, work = P .. 'lease:' .. asked.lease, P .. 'work:' .. asked.member

local held = redis.call('HMGET', lease, 'fence', 'until', 'op', 'said')
if tonumber(held[1] or '-1') ~= asked.fence then return 'lost' end
if held[3] == asked.op then return held[4] end
local ends = tonumber(held[2] or '0')
if ends == 0 then return 'lost' end
-- "About to reset" needs a lease that has not run out; an outcome only needs that
-- nobody else has begun.
if asked.wrote and ends <= now then return 'lost' end

-- The lease is given back at once: another case may want the same target.
local function refuse_for_good()
  redis.call('HSET', lease, 'until', 0, 'op', asked.op, 'said', 'cancelled')
  return 'cancelled'
end

-- Whether a reset of a target was written as intended, whether it has an outcome, and
-- how many resets of it were sent.
local function state_of(id, target_id)
  local text = redis.call('HGET', P .. 'case:' .. id .. ':targets', target_id)
  local target = text and cjson.decode(text) or {}
  return type(target.intent_at) == 'string', type(target.outcome) == 'string',
         target.resets or 0
end

local before = redis.call('HMGET', case, 'status', 'rev', 'result', 'gives_way', 'held')
if not before[1] or (before[1] == 'cancelled' and not asked.survives_cancel) then
  redis.call('ZREM', due, asked.member)
  redis.call('DEL', work)
  return refuse_for_good()
end
-- A case that gives way is cancelled by its next plan; one that is over writes no more.
if asked.wrote and (before[4] or before[1] == 'settled') then return refuse_for_good() end
if asked.wrote then
  -- A guard that holds the case holds what an earlier plan of it began as well.
  if before[5] == '1' then return 'paused' end
  -- An old copy writes nothing, from before the sweep that finds it.
  if redis.call('EXISTS', P .. 'restored') == 1 or why_old(P, asked, now) ~= '' then
    return 'paused'
  end
  for _, paused in ipairs(redis.call('HMGET', P .. 'paused', '*', asked.account)) do
    if paused == '1' then return 'paused' end
  end
  -- A target that was ended since it was read, by a refusal say, is not reset any more.
  for id in pairs(asked.targets) do
    local begun, ended = state_of(asked.case, id)
    if begun or ended then return 'changed' end
    -- An adoption and a departure may mean one target: one reset of it at a time.
    local other = redis.call('HGET', P .. 'under_way', id)
    if other and other ~= asked.case then
      begun, ended = state_of(other, id)
      if begun and not ended then return 'under_way' end
    end
  end
end
if asked.head and tonumber(before[2]) ~= asked.rev then return 'changed' end
-- Giving way to a case that was cancelled meanwhile would lose the departure.
if asked.status == 'cancelled' and before[4]
   and redis.call('HGET', P .. 'case:' .. before[4], 'status') == 'cancelled' then
  return 'changed'
end

mark(case)
if asked.head then
  redis.call('HSET', case, 'head', asked.head, 'status', asked.status,
             'result', asked.result, 'held', asked.held)
  redis.call('HINCRBY', case, 'rev', 1)
  if before[1] ~= 'settled' and asked.status == 'settled' then
    redis.call('HINCRBY', P .. 'ended', asked.result, 1)
    count_end(P, case, asked.result)
    for field, by in pairs(asked.observed or {}) do count_field(P, field, by) end
  end
  if before[1] ~= 'cancelled' and asked.status == 'cancelled' then
    count_end(P, case, 'cancelled')
  end
  if before[1] ~= asked.status then
    redis.call('ZREM', P .. 'index:status:' .. before[1], asked.case)
    redis.call('ZADD', P .. 'index:status:' .. asked.status, 0, asked.case)
  end
  if before[3] ~= asked.result then
    if before[3] ~= '' then redis.call('ZREM', P .. 'index:result:' .. before[3], asked.case) end
    if asked.result ~= '' then redis.call('ZADD', P .. 'index:result:' .. asked.result, 0, asked.case) end
  end
  for _, ref in ipairs(asked.refs) do
    redis.call('ZADD', P .. 'index:user:' .. ref, 0, asked.case)
    redis.call('SADD', case .. ':traces', 'index:user:' .. ref)
  end
  if asked.status == 'settled' or asked.status == 'cancelled' then
    redis.call('ZADD', P .. 'index:ended', 'NX', now, asked.case)
    for _, ref in ipairs(redis.call('SMEMBERS', case .. ':names')) do
      if redis.call('HGET', P .. 'leavers', ref) == asked.case then
        redis.call('HDEL', P .. 'leavers', ref)
      end
    end
    redis.call('DEL', case .. ':names')
    -- It gave way, so there is nothing left of it that the brake could hold.
    if redis.call('HGET', case, 'brake') == 'held' then
      redis.call('ZREM', P .. 'braked', asked.case)
      redis.call('ZREM', P .. 'index:confidential', asked.case)
      redis.call('HDEL', P .. 'brake:lines', asked.case)
      redis.call('SREM', P .. 'brake:gone', asked.case)
      redis.call('HDEL', case, 'brake')
    end
  end
end
for id, target in pairs(asked.targets) do
  count_outcome(P, case, id, asked.outcomes)
  redis.call('HSET', case .. ':targets', id, target)
end
-- Judged from what was read before: what has begun or ended meanwhile says more.
for id, target in pairs(asked.untouched) do
  local begun, ended, resets = state_of(asked.case, id)
  local is_as_read = resets == (cjson.decode(target).resets or 0)
  if is_as_read and not begun and not ended then
    count_outcome(P, case, id, asked.outcomes)
    redis.call('HSET', case .. ':targets', id, target)
  end
end
if asked.digested then
  -- Numbered and not dated, so that no clock decides which digest tells of it.
  redis.call('ZADD', P .. 'together:digest', redis.call('INCR', P .. 'together:last'),
             asked.digested)
end
-- Of many reports of one reason the first few are messages of their own; the others
-- wait for the one that tells of all of them (crowds: when it is due).
local is_in_crowd = false
if asked.crowd then
  local crowd = P .. 'crowd:' .. asked.crowd.name
  redis.call('ZREMRANGEBYSCORE', crowd, '-inf', now - asked.crowd.within_ms)
  is_in_crowd = redis.call('ZCARD', crowd) >= asked.crowd.few
  redis.call('ZADD', crowd, now, asked.crowd.member)
  redis.call('PEXPIRE', crowd, asked.crowd.within_ms)
  if is_in_crowd then
    redis.call('ZADD', P .. 'together:crowd:' .. asked.crowd.name,
               redis.call('INCR', P .. 'together:last'), asked.crowd.member)
    local last = tonumber(redis.call('HGET', P .. 'crowds:told', asked.crowd.name) or '0')
    local at = math.max(now + asked.crowd.gathered_ms, last + asked.crowd.apart_ms)
    redis.call('ZADD', P .. 'crowds', 'NX', at, asked.crowd.name)
  end
end
-- Who is told of with many has no message that is kept up to date, until another plan.
local left_out = is_in_crowd and asked.crowd.left_out or {}
for id, line in pairs(asked.reports) do
  if not left_out[id] then
    count_line(P, case, id, asked.told)
    redis.call('HSET', case .. ':reports', id, line)
  end
end
for _, id in ipairs(asked.untold) do
  redis.call('ZADD', P .. 'untold', now, asked.case .. '|' .. id)
end
for _, entry in ipairs(asked.entries) do redis.call('RPUSH', case .. ':ledger', entry) end
-- Until it is chained and signed.
if #asked.entries > 0 then redis.call('ZADD', P .. 'unsealed', 'NX', now, asked.case) end
if asked.wrote then
  redis.call('HSET', case, 'wrote', 1)
  for id in pairs(asked.targets) do redis.call('HSET', P .. 'under_way', id, asked.case) end
end
if asked.folded > 0 then redis.call('LTRIM', case .. ':joins', asked.folded, -1) end
local asked_anew = redis.call('HEXISTS', work, 'claims') == 0
for _, each in ipairs(asked.after) do
  local is_told = string.find(each.member, '|deliver|', 1, true)
                  and not (asked.crowd and asked.crowd.apart[each.member])
  if not (is_in_crowd and is_told) then
    if each.pending ~= '' then redis.call('SADD', case .. ':pending', each.pending) end
    redis.call('DEL', P .. 'work:' .. each.member)
    if asked.after_at then
      redis.call('HSET', P .. 'work:' .. each.member, 'not_before', asked.after_at)
    end
    local at = asked.after_at and asked.after_at + asked.after_spare_ms or due_at
    redis.call('ZADD', due_of(each.member), at, each.member)
  end
end

local said = 'ok'
if asked.mode == 'again' then
  redis.call('HSET', work, 'not_before', asked.again_at, 'claims', 0)
  redis.call('ZADD', due, asked.again_at + asked.spare_ms, asked.member)
elseif asked.mode == 'end' and asked_anew then
  redis.call('ZADD', due, due_at, asked.member)
  said = 'anew'
elseif asked.mode == 'end' then
  redis.call('ZREM', due, asked.member)
  redis.call('DEL', work)
  for _, name in ipairs(asked.settles) do redis.call('SREM', case .. ':pending', name) end
  local state = redis.call('HMGET', case, 'status', 'held')
  local live = state[1] == 'open' or state[1] == 'waiting'
  -- Last one out: no chord, the case is the join. A held plan has nothing to report yet.
  if asked.joins and live and state[2] == '0' and redis.call('SCARD', case .. ':pending') == 0 then
    redis.call('DEL', P .. 'work:' .. asked.case .. '|report|')
    redis.call('ZADD', P .. 'due', due_at, asked.case .. '|report|')
    said = 'last'
  end
end
if asked.mode ~= 'keep' then ends = 0 end
redis.call('HSET', lease, 'until', ends, 'op', asked.op, 'said', said)
return said
