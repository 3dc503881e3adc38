-- Answers to Slack that wait to be sent: each has one record, which ends by itself.
--   late:<id>   box, lease_ms, tries, token; late:due   ids by when they are sent next
-- asked: does, and
--   keep   id, box, lease_ms, life_ms, first_ms    answers 1
--   take   limit, sent_ms                          answers ids that are due
--   claim  id, token                               answers how often it was begun; 0: not ours
--   again  id, token, wait_ms, is_try              back to be sent later; answers 1 or 0
--   done   id                                      answers 1
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = P .. 'late:due'
local one = P .. 'late:' .. (asked.id or '')

if asked.does == 'keep' then
  if redis.call('EXISTS', one) == 0 then
    redis.call('HSET', one, 'box', asked.box, 'lease_ms', asked.lease_ms, 'tries', 0)
    redis.call('PEXPIRE', one, asked.life_ms)
    redis.call('ZADD', due, now + asked.first_ms, asked.id)
  end
  return 1
end

if asked.does == 'take' then
  local ids = redis.call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', 0, asked.limit)
  local found = {}
  for _, id in ipairs(ids) do
    if redis.call('EXISTS', P .. 'late:' .. id) == 1 then
      redis.call('ZADD', due, now + asked.sent_ms, id)
      table.insert(found, id)
    else
      redis.call('ZREM', due, id)
    end
  end
  return found
end

if asked.does == 'claim' then
  local found = redis.call('HMGET', one, 'token', 'held_until', 'lease_ms', 'tries')
  if not found[3] then return 0 end
  if found[1] == asked.token then return tonumber(found[4]) end
  if found[1] and now < tonumber(found[2]) then return 0 end
  local till = now + found[3]
  redis.call('HSET', one, 'token', asked.token, 'held_until', till)
  redis.call('ZADD', due, till, asked.id)
  return redis.call('HINCRBY', one, 'tries', 1)
end

if asked.does == 'again' then
  if redis.call('HGET', one, 'token') ~= asked.token then return 0 end
  redis.call('HDEL', one, 'token', 'held_until')
  if not asked.is_try then redis.call('HINCRBY', one, 'tries', -1) end
  redis.call('ZADD', due, now + asked.wait_ms, asked.id)
  return 1
end

redis.call('ZREM', due, asked.id)
redis.call('DEL', one)
return 1
