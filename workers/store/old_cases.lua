-- Cases that ended long ago: found, put off, removed with every trace of theirs. In
-- index:ended each has the time at which it counts as ended.
-- asked: does, and
--   due      before_ms, limit      answers ids, the longest ended first
--   put_off  id, at_ms             is looked at again as if it had ended then
--   fill     ended {id = ms}, traces {id = [key]}: what a store from before lacks
--   remove   id, rev, entries (how many the ledger had), members (all work it can have),
--            targets (their ids)
--            answers removed, gone (it was not there), live (it is not over), work
--            (something of it is still to be done) or changed (since it was read)
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local ended = P .. 'index:ended'

local function due_of(member)
  if string.find(member, '|show|', 1, true) then return P .. 'shown' end
  return P .. (string.find(member, '|foresee|', 1, true) and 'ahead' or 'due')
end

local function is_over(status) return status == 'settled' or status == 'cancelled' end

local function due()
  return redis.call('ZRANGEBYSCORE', ended, '-inf', asked.before_ms, 'LIMIT', 0, asked.limit)
end

local function put_off()
  redis.call('ZADD', ended, 'XX', 'GT', asked.at_ms, asked.id)
  return 'ok'
end

local function fill()
  for id, at in pairs(asked.ended or {}) do
    if is_over(redis.call('HGET', P .. 'case:' .. id, 'status')) then
      redis.call('ZADD', ended, 'NX', at, id)
    end
  end
  for id, keys in pairs(asked.traces or {}) do
    local case = P .. 'case:' .. id
    if redis.call('EXISTS', case) == 1 then
      for _, key in ipairs(keys) do redis.call('SADD', case .. ':traces', key) end
    end
  end
  return 'ok'
end

-- A name or a target that another case has by now is that one's.
local function take_from(hash, field)
  if redis.call('HGET', P .. hash, field) == asked.id then
    redis.call('HDEL', P .. hash, field)
  end
end

local function drop_trace(trace)
  local key = P .. trace
  if string.sub(trace, 1, 6) == 'event:' then
    local known = redis.call('GET', key)
    if known and string.match(known, '^(%S+)') == asked.id then redis.call('DEL', key) end
    return
  end
  redis.call('ZREM', key, asked.id)
  take_from('leavers', string.sub(trace, #'index:user:' + 1))
end

local function remove()
  local case = P .. 'case:' .. asked.id
  local state = redis.call('HMGET', case, 'status', 'rev', 'result')
  if not is_over(state[1]) then
    redis.call('ZREM', ended, asked.id)
    return state[1] and 'live' or 'gone'
  end
  if tonumber(state[2]) ~= asked.rev then return 'changed' end
  if redis.call('LLEN', case .. ':ledger') ~= asked.entries then return 'changed' end
  -- Held by the brake, or noted to be chained and signed.
  for _, set in ipairs({'braked', 'unsealed'}) do
    if redis.call('ZSCORE', P .. set, asked.id) then return 'work' end
  end
  for _, member in ipairs(asked.members) do
    if redis.call('ZSCORE', due_of(member), member) then return 'work' end
  end
  for _, trace in ipairs(redis.call('SMEMBERS', case .. ':traces')) do drop_trace(trace) end
  for _, ref in ipairs(redis.call('SMEMBERS', case .. ':names')) do take_from('leavers', ref) end
  for _, id in ipairs(asked.targets) do take_from('under_way', id) end
  for _, member in ipairs(asked.members) do
    redis.call('DEL', P .. 'work:' .. member, P .. 'lease:work:' .. member)
    redis.call('ZREM', P .. 'untold', (string.gsub(member, '|deliver|', '|', 1)))
  end
  for _, index in ipairs({'all', 'confidential', 'ended', 'status:' .. state[1],
                          'result:' .. (state[3] or '')}) do
    redis.call('ZREM', P .. 'index:' .. index, asked.id)
  end
  redis.call('ZREM', P .. 'brake:opened', asked.id)
  redis.call('HDEL', P .. 'brake:lines', asked.id)
  redis.call('SREM', P .. 'brake:gone', asked.id)
  redis.call('UNLINK', case, case .. ':targets', case .. ':reports', case .. ':joins',
             case .. ':ledger', case .. ':pending', case .. ':names', case .. ':traces',
             case .. ':chain', case .. ':items', case .. ':seal')
  return 'removed'
end

local does = {due = due, put_off = put_off, fill = fill, remove = remove}
return does[asked.does]()
