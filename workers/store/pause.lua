-- Pause or resume one account, or all; and write in the service's own ledger who did.
-- asked: op, op_ttl, account ("*": all), value ("1" or "0"), unless_set? (leave what
--        somebody decided before), service (the id of that ledger), entry?
-- answers 1, or 0 where it was left
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local done = P .. 'paused:op:' .. asked.op
-- The client repeats a call whose answer was lost.
if redis.call('EXISTS', done) == 1 then return 1 end
local is_set = redis.call('HEXISTS', P .. 'paused', asked.account) == 1
if asked.unless_set and is_set then return 0 end
redis.call('SET', done, '1', 'EX', asked.op_ttl)
redis.call('HSET', P .. 'paused', asked.account, asked.value)
if asked.entry then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('RPUSH', P .. 'case:' .. asked.service .. ':ledger', asked.entry)
  -- Until it is chained and signed.
  redis.call('ZADD', P .. 'unsealed', 'NX', now, asked.service)
end
return 1
