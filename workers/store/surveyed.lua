-- Give the survey of an account back. asked: account, again_ms
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', P .. 'survey:' .. asked.account, 'until', 0, 'next', now + asked.again_ms)
return 'ok'
