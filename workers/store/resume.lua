-- End the pause of everything. Where it was one of an old copy, a person has looked at
-- it by now: it is an ordinary store again, and what waited in its outbox is sent.
-- asked: op, op_ttl, service (the id of the service's own ledger), entry?
-- answers how many reports and notices go on
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local done = P .. 'paused:op:' .. asked.op
-- The client repeats a call whose answer was lost.
if redis.call('EXISTS', done) == 1 then return tonumber(redis.call('GET', done)) end
redis.call('SET', done, '0', 'EX', asked.op_ttl)
redis.call('HSET', P .. 'paused', '*', '0')
if asked.entry then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('RPUSH', P .. 'case:' .. asked.service .. ':ledger', asked.entry)
  -- Until it is chained and signed.
  redis.call('ZADD', P .. 'unsealed', 'NX', now, asked.service)
end
if redis.call('EXISTS', P .. 'restored') == 0 then return 0 end
local many = 0
for held, due in pairs({reports = 'due', notices = 'notices:due'}) do
  for _, member in ipairs(redis.call('ZRANGE', P .. 'restored:' .. held, 0, -1)) do
    redis.call('ZADD', P .. due, 'NX', 0, member)
    many = many + 1
  end
  redis.call('DEL', P .. 'restored:' .. held)
end
redis.call('DEL', P .. 'restored')
redis.call('SET', done, many, 'EX', asked.op_ttl)
return many
