-- Write what a worker chained and signed: cases up to an entry, and the register's items.
-- All of it or nothing, and only on what it was made from: two workers that seal at once
-- make one chain, and a call that is repeated finds its own work done.
-- asked: before (the register's head as it was read), register? (as it is now), items,
--        key {fingerprint: public key},
--        cases [{id, was (its seal as it was read), seal?, n, hashes, seqs}]
-- answers ok, or changed (read again)
local P, asked = ARGV[1], cjson.decode(ARGV[2])
if (redis.call('GET', P .. 'register:head') or '') ~= asked.before then return 'changed' end
for _, one in ipairs(asked.cases) do
  if (redis.call('GET', P .. 'case:' .. one.id .. ':seal') or '') ~= one.was then
    return 'changed'
  end
end
for fingerprint, public in pairs(asked.key) do
  redis.call('HSET', P .. 'evidence:keys', fingerprint, public)
end
for _, item in ipairs(asked.items) do redis.call('RPUSH', P .. 'register', item) end
if asked.register then redis.call('SET', P .. 'register:head', asked.register) end
for _, one in ipairs(asked.cases) do
  local case = P .. 'case:' .. one.id
  for _, hash in ipairs(one.hashes) do redis.call('RPUSH', case .. ':chain', hash) end
  for _, seq in ipairs(one.seqs) do redis.call('RPUSH', case .. ':items', seq) end
  if one.seal then redis.call('SET', case .. ':seal', one.seal) end
  -- What was appended since it was read waits for the next turn.
  if redis.call('LLEN', case .. ':ledger') <= one.n then
    redis.call('ZREM', P .. 'unsealed', one.id)
  end
end
return 'ok'
