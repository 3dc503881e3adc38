-- Tell whether resets are paused, for all or for one account, and whether they are
-- because this store is, or may be, an old copy of itself: that counts from the moment
-- it is so, and not from the sweep that finds it.
-- asked: account, seen, old_ms as sweep.lua's; answers empty, paused or restored
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local swept = tonumber(redis.call('GET', P .. 'swept') or '0')
local sweeps = tonumber(redis.call('GET', P .. 'sweeps') or '0')
if redis.call('EXISTS', P .. 'restored', P .. 'copied') > 0 or sweeps < asked.seen
   or (swept > 0 and now - swept > asked.old_ms) then
  return 'restored'
end
for _, paused in ipairs(redis.call('HMGET', P .. 'paused', '*', asked.account)) do
  if paused == '1' then return 'paused' end
end
return ''
