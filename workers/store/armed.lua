-- Write in the service's own ledger that other accounts may be written to than before.
-- asked: accounts (text), service (the id of that ledger), entry
-- answers 1, or 0 where it is as it was; before the first word nothing is armed
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local key = P .. 'armed'
if (redis.call('GET', key) or '') == asked.accounts then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', key, asked.accounts)
redis.call('RPUSH', P .. 'case:' .. asked.service .. ':ledger', asked.entry)
-- Until it is chained and signed.
redis.call('ZADD', P .. 'unsealed', 'NX', now, asked.service)
return 1
