-- Stands in front of the scripts that say so in their first lines (connection.py).
-- Tell why this store is, or may be, an old copy of itself: copied, went_back, silent;
-- empty where it is none. That counts from the moment it is so, and not from the sweep
-- that finds it. What was found and is not confirmed yet (restored) is another question.
-- asked: seen (the most sweeps the asker knows of), old_ms (older than this, a last
-- sweep is an old one); answers why, when it was swept, the sweeps so far, its mark
local function why_old(P, asked, now)
  local swept = tonumber(redis.call('GET', P .. 'swept') or '0')
  local sweeps = tonumber(redis.call('GET', P .. 'sweeps') or '0')
  local copied = redis.call('GET', P .. 'copied')
  local why = ''
  if copied then
    why = 'copied'
  elseif sweeps < asked.seen then
    why = 'went_back'
  elseif swept > 0 and now - swept > asked.old_ms then
    why = 'silent'
  end
  return why, swept, sweeps, copied
end

