-- Take what is due and push it forward in the same step, so that two sweeps never send
-- the same work at once. Before that, see whether this store is an old copy of itself,
-- and have everything wait where it is, so that nothing due is handed out unpaused.
-- with why_old.lua
-- asked: limit (0: only see), ahead (how much of what is foreseen), shown (how many
--        messages to bring up to date), push_ms, seen, old_ms
-- answers sweeps so far, why it is an old copy or empty, the members
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local why, swept, sweeps, copied = why_old(P, asked, now)
local is_known = redis.call('EXISTS', P .. 'restored') == 1

-- What stood in an outbox may have been sent since: it waits until people say go on.
local function hold_back()
  for _, member in ipairs(redis.call('ZRANGE', P .. 'due', 0, -1)) do
    if string.find(member, '|deliver|', 1, true) then
      redis.call('ZREM', P .. 'due', member)
      redis.call('ZADD', P .. 'restored:reports', now, member)
    end
  end
  for _, member in ipairs(redis.call('ZRANGE', P .. 'notices:due', 0, -1)) do
    redis.call('ZADD', P .. 'restored:notices', now, member)
  end
  redis.call('DEL', P .. 'notices:due')
end

-- What was found before and not confirmed yet is one finding, save for another copy.
local is_news = why == 'copied' or (why ~= '' and not is_known)
if is_news then
  redis.call('HSET', P .. 'paused', '*', '1')
  redis.call('DEL', P .. 'restored')
  redis.call('HSET', P .. 'restored', 'found', now, 'why', why, 'swept', swept,
             'copied', copied or '0')
  redis.call('DEL', P .. 'copied')
  hold_back()
end
if why ~= '' then
  -- Above all that anybody knows of, who stands still now and goes on after people have
  -- looked included: there is about one sweep a second.
  sweeps = math.max(sweeps, asked.seen, tonumber(time[1]))
  redis.call('SET', P .. 'sweeps', sweeps)
  redis.call('SET', P .. 'swept', now)
end
if asked.limit == 0 then return {sweeps, is_news and why or '', {}} end

local members = {}
local limits = {due = asked.limit, ahead = asked.ahead, shown = asked.shown}
for set, limit in pairs(limits) do
  local found = redis.call('ZRANGEBYSCORE', P .. set, 0, now, 'LIMIT', 0, limit)
  for _, member in ipairs(found) do
    redis.call('ZADD', P .. set, now + asked.push_ms, member)
    table.insert(members, member)
  end
end
redis.call('SET', P .. 'swept', now)
return {redis.call('INCR', P .. 'sweeps'), is_news and why or '', members}
