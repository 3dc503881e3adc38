-- Read all that a scrape needs beside the owner index; it writes nothing, and how much
-- it reads does not depend on how many cases there are.
-- asked: budget_ms (the window of the budget), at_most (cases looked at for the oldest)
-- answers {now, counted, numbers, oldest [head], heartbeats, paused, surveys, swept},
-- the counted, heartbeats, paused and surveys as names and values in turn
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function cases_of(status) return redis.call('ZCARD', P .. 'index:status:' .. status) end
local function due_in(set) return redis.call('ZCOUNT', P .. set, '-inf', now) end

-- Ids grow with the time at which cases came. Who came later is younger, save for one
-- that was put off, whose work began on its day: those are looked through.
local heads = {}
for _, status in ipairs({'open', 'waiting'}) do
  local ids = redis.call('ZRANGE', P .. 'index:status:' .. status, 0, asked.at_most - 1)
  for _, id in ipairs(ids) do
    local text = redis.call('HGET', P .. 'case:' .. id, 'head')
    local is_read, head = pcall(cjson.decode, text or '')
    if is_read and type(head) == 'table' and type(head.received_at) == 'string'
       and type(head.starts_at) == 'string' then
      local began = type(head.started_at) == 'string' and head.started_at or ''
      table.insert(heads, {head.received_at, head.starts_at, began})
      if began == '' or head.starts_at <= head.received_at then break end
    end
  end
end

local numbers = {
  scheduled = cases_of('scheduled'), open = cases_of('open'), waiting = cases_of('waiting'),
  stuck = redis.call('ZCARD', P .. 'stuck'),
  damaged = redis.call('SCARD', P .. 'damaged'),
  braked = redis.call('ZCARD', P .. 'braked'),
  quarantine = redis.call('ZCARD', P .. 'quarantine'),
  notices = redis.call('ZCARD', P .. 'notices:due'),
  granted = redis.call('ZCOUNT', P .. 'budget', '(' .. (now - asked.budget_ms), '+inf'),
  due = due_in('due'), ahead = due_in('ahead'), shown = due_in('shown'),
  look_ups = due_in('lookups:due'), answers = due_in('late:due'),
  told = due_in('notices:due'), unsealed = redis.call('ZCARD', P .. 'unsealed'),
}
return {
  now, redis.call('HGETALL', P .. 'metrics'), cjson.encode(numbers), heads,
  redis.call('HGETALL', P .. 'heartbeats'), redis.call('HGETALL', P .. 'paused'),
  redis.call('HGETALL', P .. 'survey:complete'), redis.call('GET', P .. 'swept') or '',
}
