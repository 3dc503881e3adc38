-- Claim a piece of work, and read the part of its case that it is about.
-- asked: case, member, lease, token, ttl_ms, survives_cancel, forgotten_ms, reads,
--        and of a target: target, shared (the lease that all armed cases share)
-- answers {verdict, fence, claims}: claimed, done, gone (its case), early, busy; and,
-- where it reads and has claimed, {lease, whole, case, reports, joins, targets}
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
local case = P .. 'case:' .. asked.case

local is_due = redis.call('ZSCORE', due, asked.member)
local status = redis.call('HGET', case, 'status')
if asked.reads and not status then
  redis.call('ZREM', due, asked.member)
  redis.call('DEL', work)
  return {'gone', 0, 0}
end
if not is_due then return {'done', 0, 0} end
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

-- What cannot be read is found out by who reads it: here it only shares no lease.
local is_read, head = false, {}
if asked.shared then
  is_read, head = pcall(cjson.decode, redis.call('HGET', case, 'head') or '')
end
local is_shared = is_read and type(head) == 'table' and head.dry_run == false
local name = is_shared and asked.shared or asked.lease
local lease = P .. 'lease:' .. name

-- Of a target that goes first all are read, since the others wait for it.
local function part()
  local canaries = is_read and type(head.canaries) == 'table' and head.canaries or {}
  local wanted, is_first = {asked.target}, false
  for _, one in ipairs(canaries) do
    is_first = is_first or one == asked.target
    if one ~= asked.target then table.insert(wanted, one) end
  end
  local targets = {}
  if is_first then targets = redis.call('HVALS', case .. ':targets')
  elseif asked.target then targets = redis.call('HMGET', case .. ':targets', unpack(wanted)) end
  return {name, is_first and 1 or 0, redis.call('HGETALL', case),
          redis.call('HVALS', case .. ':reports'),
          redis.call('LRANGE', case .. ':joins', 0, -1), targets}
end

local function claimed(fence, claims)
  local said = {'claimed', fence, claims}
  if asked.reads then
    for _, each in ipairs(part()) do table.insert(said, each) end
  end
  return said
end

local held = redis.call('HMGET', lease, 'until', 'token', 'fence')
local ends = tonumber(held[1] or '0')
if ends > now then
  if held[2] == asked.token then
    return claimed(tonumber(held[3]), tonumber(redis.call('HGET', work, 'claims') or '1'))
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
return claimed(fence, claims)
