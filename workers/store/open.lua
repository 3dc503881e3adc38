-- Take a departure in: one atomic step, so that an acknowledged event is never half there.
-- asked: id, head, status, trigger (by which its end is counted), refs, exclusive, start_at, grace_ms, entry,
--        event_key?, who, idem_key?, idem_digest, idem_ttl, repeat_ttl, departure, join_entry,
--        gone (the event proves the removal), brake? {limit, window_ms, line, entry},
--        source, happened_at? (s: by whom and when, where a return in between counts),
--        kept? (the name that a record of the event would have while it waits), and what
--        is noted with an event that is taken in: learned? {id, what it stands for, …},
--        heard_at (s), delivered_at? (ms: its delivery is counted)
-- answers {verdict, case id, id of what is kept of the event or ''}: new, braked (new, and
-- held), repeated, joined, conflict (the Idempotency-Key came with another body), another
-- (the event's id came with another person), returned (its source took it back, after it
-- happened there)
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due_at = now + asked.grace_ms
local case = P .. 'case:' .. asked.id
local kept = asked.kept and redis.call('HGET', P .. 'deliveries:names', asked.kept) or ''

local function answer(verdict, id) return {verdict, id, kept} end

-- Note what came along with an event. A repeat of it whose answer was lost counts twice:
-- nothing tells it from another repeat.
local function note_along()
  if asked.learned then
    local names = P .. 'names:' .. asked.source
    redis.call('HSET', names, unpack(asked.learned))
    for at = 1, #asked.learned, 2 do
      redis.call('ZADD', names .. ':heard', asked.heard_at, asked.learned[at])
    end
  end
  if asked.delivered_at then
    redis.call('HINCRBY', P .. 'source:' .. asked.source, 'delivered', 1)
    redis.call('HSET', P .. 'source:' .. asked.source, 'last_delivered_at',
               asked.delivered_at)
  end
end

-- Write an entry, and note its case until that is chained and signed.
local function put_down(id, entry)
  redis.call('RPUSH', P .. 'case:' .. id .. ':ledger', entry)
  redis.call('ZADD', P .. 'unsealed', 'NX', now, id)
end

local function remember(id, traces)
  if asked.event_key then
    redis.call('SET', P .. 'event:' .. asked.event_key, id .. ' ' .. asked.who)
    table.insert(traces, 'event:' .. asked.event_key)
  end
  -- What has to go with the case when its time is over.
  if #traces > 0 then redis.call('SADD', P .. 'case:' .. id .. ':traces', unpack(traces)) end
  if asked.idem_key then
    redis.call('SET', P .. 'idem:' .. asked.idem_key, asked.idem_digest .. ' ' .. id,
               'EX', asked.idem_ttl)
  end
end

-- Count a case that an event opens, and tell whether it is one too many.
local function is_one_too_many()
  local opened, since = P .. 'brake:opened', now - asked.brake.window_ms
  redis.call('ZREMRANGEBYSCORE', opened, '-inf', since)
  -- A clock that was put back: what seems to come later counts from now.
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', opened, '(' .. now, '+inf')) do
    redis.call('ZADD', opened, now, id)
  end
  local before = redis.call('ZCARD', opened)
  redis.call('ZADD', opened, now, asked.id)
  return before >= asked.brake.limit
end

-- Have a case wait for a decision about the brake: nothing of it is due until then.
local function put_aside()
  -- The first to wait begins an episode, which is told once.
  if redis.call('ZCARD', P .. 'braked') == 0 then
    redis.call('DEL', P .. 'brake:episode')
    redis.call('HSET', P .. 'brake:episode', 'began', now)
  end
  redis.call('HSET', case, 'brake', 'held', 'starts', asked.start_at)
  put_down(asked.id, asked.brake.entry)
  redis.call('ZADD', P .. 'braked', now, asked.id)
  redis.call('HSET', P .. 'brake:lines', asked.id, asked.brake.line)
  if asked.gone then redis.call('SADD', P .. 'brake:gone', asked.id) end
  if asked.status == 'scheduled' then
    redis.call('ZADD', P .. 'index:confidential', 0, asked.id)
  end
end

-- Whether two lists of names mean one person: of a repeat more may be known by now, or
-- less, and an e-mail alone is no proof against two IAM IDs.
local function is_same(before, now)
  local names, had_id = {}, false
  for name in string.gmatch(before, '%S+') do
    names[name] = true
    had_id = had_id or string.sub(name, 1, 4) == 'iam:'
  end
  local shares, has_id, shares_id = false, false, false
  for name in string.gmatch(now, '%S+') do
    shares = shares or names[name] == true
    if string.sub(name, 1, 4) == 'iam:' then
      has_id, shares_id = true, shares_id or names[name] == true
    end
  end
  return shares and (shares_id or not (had_id and has_id))
end

-- The client repeats a call whose answer was lost: its own case is then already here,
-- or another has taken the departure in.
if redis.call('EXISTS', case) == 1 then
  local is_held = redis.call('HGET', case, 'brake') == 'held'
  return answer(is_held and 'braked' or 'new', asked.id)
end
local taken_by = redis.call('GET', P .. 'joined:' .. asked.id)
if taken_by then return answer('joined', taken_by) end
if asked.idem_key then
  local known = redis.call('GET', P .. 'idem:' .. asked.idem_key)
  if known then
    local digest, id = string.match(known, '^(%S+) (%S+)$')
    if digest ~= asked.idem_digest then return answer('conflict', id) end
    return answer('repeated', id)
  end
end
if asked.event_key then
  local known = redis.call('GET', P .. 'event:' .. asked.event_key)
  if known then
    local id, who = string.match(known, '^(%S+) (.*)$')
    if not is_same(who, asked.who) then return answer('another', id) end
    note_along()
    return answer('repeated', id)
  end
end

for _, ref in ipairs(asked.happened_at and asked.refs or {}) do
  local back_at = redis.call('ZSCORE', P .. 'returned:' .. asked.source, ref)
  if back_at and tonumber(back_at) > asked.happened_at then
    return answer('returned', '')
  end
end

-- What began as a dry run does nothing for anybody: only while it awaits its day may the
-- service still be armed for it.
local function takes_in(other)
  local state = redis.call('HMGET', P .. 'case:' .. other, 'head', 'status')
  -- A head that cannot be read may be an armed one's: its case is to wait for people.
  local is_read, head = pcall(cjson.decode, state[1])
  return state[2] == 'scheduled' or not is_read or not head.dry_run
end

if asked.exclusive then
  for _, ref in ipairs(asked.refs) do
    local other = redis.call('HGET', P .. 'leavers', ref)
    if other and takes_in(other) then
      local theirs = P .. 'case:' .. other
      remember(other, {})
      note_along()
      redis.call('SET', P .. 'joined:' .. asked.id, other, 'EX', asked.repeat_ttl)
      redis.call('RPUSH', theirs .. ':joins', asked.departure)
      put_down(other, asked.join_entry)
      redis.call('HINCRBY', theirs, 'rev', 1)
      mark(theirs)
      if redis.call('HGET', theirs, 'brake') == 'held' then
        -- It waits with the case: what the brake holds does not plan.
        if asked.gone then redis.call('SADD', P .. 'brake:gone', other) end
        return answer('joined', other)
      end
      redis.call('SADD', theirs .. ':pending', 'plan')
      redis.call('DEL', P .. 'work:' .. other .. '|plan|')
      redis.call('ZADD', P .. 'due', due_at, other .. '|plan|')
      return answer('joined', other)
    end
  end
  for _, ref in ipairs(asked.refs) do
    redis.call('HSET', P .. 'leavers', ref, asked.id)
    redis.call('SADD', case .. ':names', ref)
  end
end

local traces = {}
for _, ref in ipairs(asked.refs) do
  redis.call('ZADD', P .. 'index:user:' .. ref, 0, asked.id)
  table.insert(traces, 'index:user:' .. ref)
end
remember(asked.id, traces)
note_along()
local is_braked = asked.brake and is_one_too_many()
local status = is_braked and 'waiting' or asked.status
-- Held too, so that nothing is written or reported even if it came to plan.
redis.call('HSET', case, 'head', asked.head, 'status', status, 'result', '',
           'rev', 0, 'held', is_braked and 1 or 0, 'wrote', 0,
           'trigger', asked.trigger)
mark(case)
put_down(asked.id, asked.entry)
redis.call('ZADD', P .. 'index:all', 0, asked.id)
redis.call('ZADD', P .. 'index:status:' .. status, 0, asked.id)
if is_braked then
  put_aside()
  return answer('braked', asked.id)
end
redis.call('SADD', case .. ':pending', 'plan')
local plan = asked.id .. '|plan|'
redis.call('HSET', P .. 'work:' .. plan, 'not_before', asked.start_at)
redis.call('ZADD', P .. 'due', math.max(due_at, asked.start_at), plan)
if asked.status == 'scheduled' then
  redis.call('ZADD', P .. 'ahead', due_at, asked.id .. '|foresee|')
end
return answer('new', asked.id)
