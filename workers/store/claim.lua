-- Claim a piece of work.
-- asked: case, member, lease, token, ttl_ms, survives_cancel, forgotten_ms
-- answers {verdict, fence, claims}: claimed, done, early, busy
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- What is foreseen has a set of its own, and so have messages that are kept up to date,
-- so that no number of them delays other work.
local function due_of(member)
  if string.find(member, '|show|', 1, true) then return P .. 'shown' end
  return P .. (string.find(member, '|foresee|', 1, true) and 'ahead' or 'due')
end
local due, work = due_of(asked.member), P .. 'work:' .. asked.member
local lease = P .. 'lease:' .. asked.lease

if not redis.call('ZSCORE', due, asked.member) then return {'done', 0, 0} end
local status = redis.call('HGET', P .. 'case:' .. asked.case, 'status')
if not status or (status == 'cancelled' and not asked.survives_cancel) then
  redis.call('ZREM', due, asked.member)
  redis.call('DEL', work)
  return {'done', 0, 0}
end
local not_before = tonumber(redis.call('HGET', work, 'not_before') or '0')
if not_before > now then
  redis.call('ZADD', due, not_before, asked.member)
  return {'early', 0, 0}
end

local held = redis.call('HMGET', lease, 'until', 'token', 'fence')
local ends = tonumber(held[1] or '0')
if ends > now then
  if held[2] == asked.token then
    return {'claimed', tonumber(held[3]), tonumber(redis.call('HGET', work, 'claims') or '1')}
  end
  -- Another piece of work may hold the lease: look again when it must be over.
  redis.call('ZADD', due, ends, asked.member)
  return {'busy', 0, 0}
end
-- The count of claims is also the mark of work under way: who asks for the same work
-- anew deletes it, and finish.lua then leaves the work due.
-- A lease that was forgotten goes on above every fence it ever had: nobody claims more
-- than a thousand times a second, and an old holder's fence must never be met again.
if not held[3] then redis.call('HSET', lease, 'fence', now) end
local fence = redis.call('HINCRBY', lease, 'fence', 1)
local claims = redis.call('HINCRBY', work, 'claims', 1)
ends = now + asked.ttl_ms
redis.call('HSET', lease, 'until', ends, 'token', asked.token, 'op', '', 'said', '')
redis.call('PEXPIRE', lease, asked.forgotten_ms)
redis.call('ZADD', due, ends, asked.member)
return {'claimed', fence, claims}
