-- Deliveries that wait: a look_up, in quarantine, or expired there. Each has one record,
-- by its event's name, and stands in the lists of its state alone.
--   delivery:<id>      its fields; deliveries:names  name = id
--   lookups:due        ids by when they are asked next; lookups:sources  source = count
--   quarantine         ids, oldest first, expired ones too; quarantine:expired source = n
--   quarantine:ends, quarantine:warns   <source>|<reason>|<id> by time
--   quarantine:kinds   <source>|<reason> = count; :since names a filling; :told is that
-- asked: does, and
--   keep    id, event (its name), fields {…}, first_ms     answers the id it has
--   take    limit, lease_ms                     answers ids that are due
--   claim   id, token, lease_ms                 answers how often it was begun; 0: not ours
--   again   id, token, tries, at                not before which nobody gets it
--   busy    id, wait_ms                         back to be sent soon, if it is due at all
--   fail    id, token, fields {…}               to quarantine; answers 1 or 0
--   remove  id, op, only {state = true}         answers 1 or 0
--   expire  until_ms, limit                     answers the members that expired
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local names, listed = P .. 'deliveries:names', P .. 'quarantine'
local due, waiting = P .. 'lookups:due', P .. 'lookups:sources'
local ends, warns = listed .. ':ends', listed .. ':warns'

local function key(id) return P .. 'delivery:' .. id end

local function read(id)
  local found = redis.call('HMGET', key(id), 'state', 'source', 'reason', 'name', 'token')
  if not found[1] then return nil end
  return {id = id, state = found[1], source = found[2], name = found[4],
          token = found[5], reason = found[3], kind = found[2] .. '|' .. (found[3] or '')}
end

local function count(hash, field, by)
  local left = redis.call('HINCRBY', hash, field, by)
  if left < 1 then redis.call('HDEL', hash, field) end
  return left
end

local function leave(one)
  if one.state == 'look_up' then
    redis.call('ZREM', due, one.id)
    redis.call('HDEL', key(one.id), 'token', 'held_until', 'begun', 'not_before')
    count(waiting, one.source, -1)
    return
  end
  redis.call('ZREM', listed, one.id)
  if one.state == 'expired' then
    count(listed .. ':expired', one.source, -1)
    return
  end
  redis.call('ZREM', ends, one.kind .. '|' .. one.id)
  redis.call('ZREM', warns, one.kind .. '|' .. one.id)
  if count(listed .. ':kinds', one.kind, -1) < 1 then
    redis.call('HDEL', listed .. ':since', one.kind)
    redis.call('HDEL', listed .. ':told', one.kind)
  end
end

local function enter(id, fields)
  for name, value in pairs(fields) do redis.call('HSET', key(id), name, value) end
  mark(key(id))
  local one = read(id)
  if one.state == 'look_up' then
    redis.call('ZADD', due, now + asked.first_ms, id)
    count(waiting, one.source, 1)
    return
  end
  -- All of one score, so that they stand in the order of their ids, which is that of time.
  redis.call('ZADD', listed, 0, id)
  redis.call('ZADD', ends, fields.expires_at, one.kind .. '|' .. id)
  redis.call('ZADD', warns, fields.warn_at, one.kind .. '|' .. id)
  if count(listed .. ':kinds', one.kind, 1) == 1 then
    redis.call('HSET', listed .. ':since', one.kind, id .. ':' .. string.format('%.0f', now))
  end
end

local function keep()
  local id = redis.call('HGET', names, asked.event)
  local before = id and read(id)
  if not before then
    redis.call('HSET', names, asked.event, asked.id)
    enter(asked.id, asked.fields)
    return asked.id
  end
  local is_same = before.state == asked.fields.state and (before.state == 'look_up'
    or before.reason == asked.fields.reason)
  if not is_same then
    leave(before)
    -- When it came first stays; a body that is still there ends when it would have.
    asked.fields.received_at = nil
    if before.state == 'quarantine' and asked.fields.state == 'quarantine' then
      asked.fields.expires_at = redis.call('HGET', key(id), 'expires_at')
      asked.fields.warn_at = redis.call('HGET', key(id), 'warn_at')
    end
    enter(id, asked.fields)
  end
  return id
end

local function take()
  local taken = {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, 0, now, 'LIMIT', 0, asked.limit)) do
    redis.call('ZADD', due, now + asked.lease_ms, id)
    table.insert(taken, id)
  end
  return taken
end

-- Until when nobody may begin: it is somebody's, or was put off.
local function free_at(id)
  local found = redis.call('HMGET', key(id), 'held_until', 'not_before')
  return math.max(tonumber(found[1] or '0'), tonumber(found[2] or '0'))
end

local function claim()
  local one = read(asked.id)
  if not one or one.state ~= 'look_up' then return 0 end
  if one.token ~= asked.token then
    if free_at(asked.id) > now then return 0 end
    redis.call('HINCRBY', key(asked.id), 'begun', 1)
  end
  local until_ms = now + asked.lease_ms
  redis.call('HSET', key(asked.id), 'token', asked.token)
  redis.call('HSET', key(asked.id), 'held_until', string.format('%.0f', until_ms))
  redis.call('ZADD', due, until_ms, asked.id)
  return tonumber(redis.call('HGET', key(asked.id), 'begun'))
end

local function again()
  local one = read(asked.id)
  if not one or one.token ~= asked.token then return 0 end
  redis.call('HSET', key(asked.id), 'tries', asked.tries)
  redis.call('HDEL', key(asked.id), 'token', 'held_until', 'begun')
  redis.call('HSET', key(asked.id), 'not_before', string.format('%.0f', asked.at))
  redis.call('ZADD', due, asked.at, asked.id)
  return 1
end

local function busy()
  local one = read(asked.id)
  if not one or one.state ~= 'look_up' or free_at(asked.id) > now then return 0 end
  redis.call('ZADD', due, now + asked.wait_ms, asked.id)
  return 1
end

local function fail()
  local one = read(asked.id)
  if not one then return 0 end
  -- The same again: the first answer was lost.
  if one.state == 'quarantine' and one.reason == asked.fields.reason then return 1 end
  if one.state ~= 'look_up' or one.token ~= asked.token then return 0 end
  leave(one)
  enter(asked.id, asked.fields)
  return 1
end

local function remove()
  local gone = P .. 'delivery:gone:' .. asked.id
  local one = read(asked.id)
  if not one then return redis.call('GET', gone) == asked.op and 1 or 0 end
  if not asked.only[one.state] then return 0 end
  leave(one)
  redis.call('HDEL', names, one.name)
  redis.call('DEL', key(asked.id))
  redis.call('SET', gone, asked.op, 'EX', 60)
  return 1
end

local function expire()
  local members = redis.call('ZRANGEBYSCORE', ends, 0, asked.until_ms, 'LIMIT', 0, asked.limit)
  for _, member in ipairs(members) do
    local one = read(member:match('([^|]*)$'))
    leave(one)
    redis.call('HSET', key(one.id), 'state', 'expired')
    redis.call('HDEL', key(one.id), 'box')
    redis.call('ZADD', listed, 0, one.id)
    count(listed .. ':expired', one.source, 1)
  end
  return members
end

local does = {keep = keep, take = take, claim = claim, again = again, busy = busy,
              fail = fail, remove = remove, expire = expire}
return does[asked.does]()
