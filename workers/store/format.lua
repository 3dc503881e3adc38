-- Stands in front of every script (connection.py). ARGV[3] and ARGV[4] are the oldest and
-- the newest format that the caller reads: whoever cannot read what is in the store
-- changes nothing there, from the very call on that raises or lowers the format.
local FORMAT = tonumber(redis.call('GET', ARGV[1] .. 'format') or '1')
if FORMAT < tonumber(ARGV[3]) or FORMAT > tonumber(ARGV[4]) then
  return redis.error_reply('OTHERFORMAT ' .. FORMAT)
end
-- A record says which format it was written in; in format 1 that was not so.
local function mark(key)
  if FORMAT > 1 then redis.call('HSET', key, 'format', FORMAT) end
end

