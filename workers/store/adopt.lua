-- Two open cases may prove to be one person. asked: case, refs, departure, grace_ms
-- answers {verdict, other}: ours (no other, or it gives way), join (other stays)
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local due_at = time[1] * 1000 + math.floor(time[2] / 1000) + asked.grace_ms
local mine = P .. 'case:' .. asked.case

local function is_live(id)
  local status = redis.call('HGET', P .. 'case:' .. id, 'status')
  return status == 'scheduled' or status == 'open' or status == 'waiting'
end

-- What began as a dry run does nothing for anybody, so that nobody gives way to it.
local function takes_in(id)
  local state = redis.call('HMGET', P .. 'case:' .. id, 'head', 'status')
  local is_read, head = pcall(cjson.decode, state[1])
  return state[2] == 'scheduled' or not is_read or not head.dry_run
end

local function wrote(id) return redis.call('HGET', P .. 'case:' .. id, 'wrote') == '1' end

-- Have the other case plan again, since something about it changed. One that the brake
-- holds does not plan, but for giving way.
local function replan(other)
  local theirs = P .. 'case:' .. other
  local state = redis.call('HMGET', theirs, 'brake', 'gives_way')
  redis.call('HINCRBY', theirs, 'rev', 1)
  mark(theirs)
  if state[1] == 'held' and not state[2] then return end
  redis.call('SADD', theirs .. ':pending', 'plan')
  redis.call('DEL', P .. 'work:' .. other .. '|plan|')
  redis.call('ZADD', P .. 'due', due_at, other .. '|plan|')
end

-- From here on this case writes nothing; asked twice, the other is told once.
local function join(other)
  redis.call('HSET', mine, 'gives_way', other)
  local told = other .. ' ' .. asked.departure
  if redis.call('HGET', mine, 'joined_as') ~= told then
    redis.call('HSET', mine, 'joined_as', told)
    redis.call('RPUSH', P .. 'case:' .. other .. ':joins', asked.departure)
    replan(other)
  end
  return {'join', other}
end

-- Cancelled or settled meanwhile: a case that is over takes nobody's name.
if not is_live(asked.case) then return {'ours', ''} end
local before = redis.call('HGET', mine, 'gives_way')
if before and is_live(before) and takes_in(before) then return join(before) end
if before then
  -- The other is over without this departure: the case goes its own way again, and its
  -- plan, made to give way, is made anew since the revision changed.
  redis.call('HDEL', mine, 'gives_way')
  redis.call('HINCRBY', mine, 'rev', 1)
end
for _, ref in ipairs(asked.refs) do
  local other = redis.call('HGET', P .. 'leavers', ref)
  if other and other ~= asked.case and takes_in(other) then
    -- Who has written stays; of two who have not, the earlier. Two who have both stay.
    if not wrote(asked.case) and (wrote(other) or other < asked.case) then
      return join(other)
    end
    if not wrote(other) then
      redis.call('HSET', P .. 'case:' .. other, 'gives_way', asked.case)
      replan(other)
    end
  end
end
for _, ref in ipairs(asked.refs) do
  redis.call('HSET', P .. 'leavers', ref, asked.case)
  redis.call('SADD', mine .. ':names', ref)
end
return {'ours', ''}
