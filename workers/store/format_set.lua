-- Have another format written from now on.
-- asked: was, now; answers 1, or 0 where it was another by then
local P, asked = ARGV[1], cjson.decode(ARGV[2])
if FORMAT ~= asked.was then return 0 end
redis.call('SET', P .. 'format', asked.now)
return 1
