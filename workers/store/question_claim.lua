-- Let one worker have a question. asked: id, token, ttl; answers 1 or 0
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local question = P .. 'question:' .. asked.id
if redis.call('EXISTS', question) == 0 then return 0 end
local claim = question .. ':claim'
if redis.call('SET', claim, asked.token, 'NX', 'EX', asked.ttl) then return 1 end
return redis.call('GET', claim) == asked.token and 1 or 0
