-- Count that somebody begins to tell a channel. asked: id, channel
-- answers how often that was since the last word on it; 0 if there is nothing to tell, or
-- it waits in an old copy, whose messages may ask for it all the same
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local notice = P .. 'notice:' .. asked.id
if redis.call('HEXISTS', notice, 'line:' .. asked.channel) == 0 then return 0 end
local held = P .. 'restored:notices'
if redis.call('ZSCORE', held, asked.id .. '|' .. asked.channel) then return 0 end
return redis.call('HINCRBY', notice, 'begun:' .. asked.channel, 1)
