-- Let go, or cancel, some of what the brake holds: one decision is several calls.
-- with counting.lua
-- asked: op (names the decision), does (release | refuse), up_to (ms: what was braked
--        later waits for another), ids? (these of it), limit, by, at, entry
-- answers {decided so far by this op, left of it}
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local braked, due = P .. 'braked', P .. 'due'

local function set_status(id, case, status)
  redis.call('ZREM', P .. 'index:status:' .. redis.call('HGET', case, 'status'), id)
  redis.call('ZADD', P .. 'index:status:' .. status, 0, id)
  redis.call('HSET', case, 'status', status, 'held', 0)
end

local function release(id, case)
  local starts = tonumber(redis.call('HGET', case, 'starts') or '0')
  set_status(id, case, starts > now and 'scheduled' or 'open')
  redis.call('HSET', case, 'brake', 'released')
  redis.call('SADD', case .. ':pending', 'plan')
  redis.call('DEL', P .. 'work:' .. id .. '|plan|')
  -- Due at once also where it starts later: what joined may have brought that forward.
  redis.call('ZADD', due, now, id .. '|plan|')
  if starts > now then redis.call('ZADD', P .. 'ahead', now, id .. '|foresee|') end
end

-- Over in this very step, so that no departure can join what is refused.
local function refuse(id, case)
  set_status(id, case, 'cancelled')
  redis.call('ZADD', P .. 'index:ended', 'NX', now, id)
  redis.call('HSET', case, 'brake', 'refused', 'brake_at', asked.at)
  count_end(P, case, 'cancelled')
  for _, ref in ipairs(redis.call('SMEMBERS', case .. ':names')) do
    if redis.call('HGET', P .. 'leavers', ref) == id then
      redis.call('HDEL', P .. 'leavers', ref)
    end
  end
  redis.call('DEL', case .. ':names', P .. 'work:' .. id .. '|plan|')
  redis.call('ZREM', due, id .. '|plan|')
end

local decided = P .. 'brake:decided:' .. asked.op
local ids = asked.ids
  or redis.call('ZRANGEBYSCORE', braked, '-inf', asked.up_to, 'LIMIT', 0, asked.limit)

local function decide(id)
  local case = P .. 'case:' .. id
  if redis.call('HGET', case, 'brake') == 'held' then
    if asked.does == 'release' then release(id, case) else refuse(id, case) end
    redis.call('HSET', case, 'brake_by', asked.by)
    redis.call('HINCRBY', case, 'rev', 1)
    redis.call('RPUSH', case .. ':ledger', asked.entry)
    -- Until it is chained and signed.
    redis.call('ZADD', P .. 'unsealed', 'NX', now, id)
    redis.call('INCR', decided)
  end
  redis.call('ZREM', braked, id)
  redis.call('ZREM', P .. 'index:confidential', id)
  redis.call('HDEL', P .. 'brake:lines', id)
  redis.call('SREM', P .. 'brake:gone', id)
end

for _, id in ipairs(ids) do
  local since = tonumber(redis.call('ZSCORE', braked, id) or 'inf')
  if since <= asked.up_to then decide(id) end
end
redis.call('EXPIRE', decided, 3600)
return {tonumber(redis.call('GET', decided) or '0'),
        redis.call('ZCOUNT', braked, '-inf', asked.up_to)}
