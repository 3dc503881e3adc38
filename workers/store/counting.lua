-- Stands in front of the scripts that say so in their first lines (connection.py).
-- Count in the step that writes what is counted, so that no repeat and no death counts
-- twice, or not at all. Names and fields are those of workers/offboarding/metrics.py.
local function count_field(P, field, by)
  redis.call('HINCRBY', P .. 'metrics', field, by or 1)
end

-- A case is over: settled with a result, or cancelled. One of a version from before that
-- says no trigger was nearly always opened by an event.
local function count_end(P, case, outcome)
  local trigger = redis.call('HGET', case, 'trigger') or 'webhook'
  count_field(P, 'offboard_cases_total|' .. trigger .. '|' .. outcome)
end

-- What one text in JSON says under a name; nil where it is none, or cannot be read.
local function said_in(text, name)
  local is_read, value = pcall(cjson.decode, text or '')
  if not is_read or type(value) ~= 'table' then return nil end
  return type(value[name]) == 'string' and value[name] or nil
end

-- A target gets an outcome that it did not have. counted: {id = {outcome, field}}
local function count_outcome(P, case, id, counted)
  local one = counted and counted[id]
  if not one then return end
  local before = redis.call('HGET', case .. ':targets', id)
  if said_in(before, 'outcome') ~= one[1] then count_field(P, one[2]) end
end

-- A line of an outbox gets a state that it did not have. counted: {id = {state, field}}
local function count_line(P, case, id, counted)
  local one = counted and counted[id]
  if not one then return end
  local before = redis.call('HGET', case .. ':reports', id)
  if said_in(before, 'state') ~= one[1] then count_field(P, one[2]) end
end
