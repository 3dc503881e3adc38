-- The calls to IBM Cloud in any window of time, counted for all workers together. A slot
-- is a member <ticket>:<n>, scored with the time from which its call counts; a survey's
-- ticket begins with "s".
-- asked: does (take | sent | back_off), window_ms, and
--   take      ticket, calls, limit, survey_limit (for a survey only), give_way_ms, account
--             answers 0: given, else in how many ms there may be room; less than 0: this
--             account alone has to wait so long
--   sent      ticket, calls: the last of them is sent now, the others were before
--   back_off  for_ms, account (for that one alone)
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local slots = P .. 'budget'
local backing_off, refused = P .. 'budget:backing_off', P .. 'budget:refused'

-- Mark for so long, or for longer if it was marked so before.
local function mark(key, for_ms)
  if redis.call('PTTL', key) < for_ms then redis.call('SET', key, '1', 'PX', for_ms) end
end

local function count_from_now()
  for n = 1, asked.calls do redis.call('ZADD', slots, now, asked.ticket .. ':' .. n) end
  redis.call('PEXPIRE', slots, asked.window_ms)
end

-- In how many ms so many of these slots fell out that the asked ones fit under the limit.
local function until_room(times, limit)
  local over = #times + asked.calls - limit
  return over > 0 and times[over] + asked.window_ms - now or 0
end

-- For how long this account alone is to be left in peace; it keeps nobody else waiting.
local function alone_ms()
  return asked.account and redis.call('PTTL', backing_off .. ':' .. asked.account) or 0
end

local function take()
  -- The same ticket again: the first answer was lost.
  if redis.call('ZSCORE', slots, asked.ticket .. ':1') then return 0 end
  local alone = alone_ms()
  if alone > 0 then return -alone end
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', now - asked.window_ms)
  -- A clock that was put back: what seems to come later counts from now.
  for _, slot in ipairs(redis.call('ZRANGEBYSCORE', slots, '(' .. now, '+inf')) do
    redis.call('ZADD', slots, now, slot)
  end
  local all, surveyed = {}, {}
  local held = redis.call('ZRANGE', slots, 0, -1, 'WITHSCORES')
  for at = 1, #held, 2 do
    table.insert(all, tonumber(held[at + 1]))
    if held[at]:sub(1, 1) == 's' then table.insert(surveyed, tonumber(held[at + 1])) end
  end
  local wait = math.max(0, redis.call('PTTL', backing_off), until_room(all, asked.limit))
  if asked.survey_limit then
    local room = until_room(surveyed, asked.survey_limit)
    wait = math.max(wait, room, redis.call('PTTL', refused))
  elseif wait > 0 then
    mark(refused, wait + asked.give_way_ms)
  end
  if wait == 0 then count_from_now() end
  return wait
end

if asked.does == 'take' then return take() end
if asked.does == 'sent' then
  redis.call('ZADD', slots, now, asked.ticket .. ':' .. asked.calls)
  redis.call('PEXPIRE', slots, asked.window_ms)
end
if asked.does == 'back_off' then
  mark(asked.account and backing_off .. ':' .. asked.account or backing_off, asked.for_ms)
end
return 0
