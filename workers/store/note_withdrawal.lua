-- Remember what a withdrawal led to, and write it in its case's ledger: both or neither,
-- and once, however often it is asked for.
-- asked: event_key, answer, case?, entry, ttl; answers 1 if it is new, else 0
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local key = P .. 'withdrawal:' .. asked.event_key
if not redis.call('SET', key, asked.answer, 'EX', asked.ttl, 'NX') then return 0 end
if not asked.case then return 1 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('RPUSH', P .. 'case:' .. asked.case .. ':ledger', asked.entry)
-- Until it is chained and signed.
redis.call('ZADD', P .. 'unsealed', 'NX', now, asked.case)
return 1
