-- One worker compares at a time. asked: mode (claim, renew or end), token, ttl_ms
-- answers 1 where the turn is the token's, else 0
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local turn = P .. 'entra_graph:turn'
if asked.mode == 'claim' and redis.call('EXISTS', turn) == 0 then
  redis.call('SET', turn, asked.token, 'PX', asked.ttl_ms)
  return 1
end
if redis.call('GET', turn) ~= asked.token then return 0 end
if asked.mode == 'end' then
  redis.call('DEL', turn)
else
  redis.call('PEXPIRE', turn, asked.ttl_ms)
end
return 1
