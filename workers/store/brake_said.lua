-- Write down that people were told of the brake, or reminded.
-- asked: began (which episode), reminded (how often by now; 0: told), at (ms)
-- Another episode may have begun meanwhile, or another worker may have said more.
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local episode = P .. 'brake:episode'
local state = redis.call('HMGET', episode, 'began', 'reminded')
if tonumber(state[1] or '0') ~= asked.began then return 0 end
if tonumber(state[2] or '-1') >= asked.reminded then return 0 end
redis.call('HSET', episode, 'reminded', asked.reminded, 'said_at', asked.at)
if asked.reminded == 0 then redis.call('HSET', episode, 'told_at', asked.at) end
return 1
