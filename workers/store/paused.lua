-- Tell whether resets are paused, for all or for one account, and whether they are
-- because this store is, or may be, an old copy of itself.
-- with why_old.lua
-- asked: account, seen, old_ms; answers empty, paused or restored
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('EXISTS', P .. 'restored') == 1 or why_old(P, asked, now) ~= '' then
  return 'restored'
end
for _, paused in ipairs(redis.call('HMGET', P .. 'paused', '*', asked.account)) do
  if paused == '1' then return 'paused' end
end
return ''
