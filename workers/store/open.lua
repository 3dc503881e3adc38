-- Take a departure in: one atomic step, so that an acknowledged event is never half there.
-- asked: id, head, status, refs, exclusive, start_at, grace_ms, entry,
--        event_key?, who, idem_key?, idem_digest, idem_ttl, repeat_ttl, departure, join_entry
-- answers {verdict, case id}: new, repeated, joined, conflict (the Idempotency-Key came
-- with another body), another (the event's id came with another person)
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local due_at = time[1] * 1000 + math.floor(time[2] / 1000) + asked.grace_ms
local case = P .. 'case:' .. asked.id

local function remember(id)
  if asked.event_key then
    redis.call('SET', P .. 'event:' .. asked.event_key, id .. ' ' .. asked.who)
  end
  if asked.idem_key then
    redis.call('SET', P .. 'idem:' .. asked.idem_key, asked.idem_digest .. ' ' .. id,
               'EX', asked.idem_ttl)
  end
end

-- The client repeats a call whose answer was lost: its own case is then already here,
-- or another has taken the departure in.
if redis.call('EXISTS', case) == 1 then return {'new', asked.id} end
local taken_by = redis.call('GET', P .. 'joined:' .. asked.id)
if taken_by then return {'joined', taken_by} end
if asked.idem_key then
  local known = redis.call('GET', P .. 'idem:' .. asked.idem_key)
  if known then
    local digest, id = string.match(known, '^(%S+) (%S+)$')
    if digest ~= asked.idem_digest then return {'conflict', id} end
    return {'repeated', id}
  end
end
if asked.event_key then
  local known = redis.call('GET', P .. 'event:' .. asked.event_key)
  if known then
    local id, who = string.match(known, '^(%S+) (.*)$')
    if who ~= asked.who then return {'another', id} end
    return {'repeated', id}
  end
end

if asked.exclusive then
  for _, ref in ipairs(asked.refs) do
    local other = redis.call('HGET', P .. 'leavers', ref)
    if other then
      local theirs = P .. 'case:' .. other
      remember(other)
      redis.call('SET', P .. 'joined:' .. asked.id, other, 'EX', asked.repeat_ttl)
      redis.call('RPUSH', theirs .. ':joins', asked.departure)
      redis.call('RPUSH', theirs .. ':ledger', asked.join_entry)
      redis.call('HINCRBY', theirs, 'rev', 1)
      redis.call('SADD', theirs .. ':pending', 'plan')
      redis.call('DEL', P .. 'work:' .. other .. '|plan|')
      redis.call('ZADD', P .. 'due', due_at, other .. '|plan|')
      return {'joined', other}
    end
  end
  for _, ref in ipairs(asked.refs) do
    redis.call('HSET', P .. 'leavers', ref, asked.id)
    redis.call('SADD', case .. ':names', ref)
  end
end

remember(asked.id)
redis.call('HSET', case, 'head', asked.head, 'status', asked.status, 'result', '',
           'rev', 0, 'held', 0, 'wrote', 0)
redis.call('RPUSH', case .. ':ledger', asked.entry)
redis.call('SADD', case .. ':pending', 'plan')
redis.call('ZADD', P .. 'index:all', 0, asked.id)
redis.call('ZADD', P .. 'index:status:' .. asked.status, 0, asked.id)
for _, ref in ipairs(asked.refs) do
  redis.call('ZADD', P .. 'index:user:' .. ref, 0, asked.id)
end
local plan = asked.id .. '|plan|'
redis.call('HSET', P .. 'work:' .. plan, 'not_before', asked.start_at)
redis.call('ZADD', P .. 'due', math.max(due_at, asked.start_at), plan)
if asked.status == 'scheduled' then
  redis.call('ZADD', P .. 'ahead', due_at, asked.id .. '|foresee|')
end
return {'new', asked.id}
