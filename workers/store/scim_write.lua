-- Write, or delete, one row of the SCIM table, with the event that this tells: one
-- atomic step, so that no crash leaves one without the other.
-- asked: op, op_ttl, id, version (of the row as it was read; 0: there is none yet),
--        row? (text; without one the row is deleted), user_name? (folded), refs, event?
-- answers ok, changed (another write came between), taken (another has that userName),
-- pending (the event of an earlier write waits to be heard: first things first)
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local done = P .. 'scim:op:' .. asked.op
-- The client repeats a call whose answer was lost.
if redis.call('EXISTS', done) == 1 then return 'ok' end
local key = P .. 'scim:user:' .. asked.id
local names, refs = P .. 'scim:names', P .. 'scim:refs'
if redis.call('HEXISTS', P .. 'scim:pending', asked.id) == 1 then return 'pending' end
local before = redis.call('HMGET', key, 'version', 'name', 'refs')
if tonumber(before[1] or '0') ~= asked.version then return 'changed' end
if asked.user_name then
  local holder = redis.call('HGET', names, asked.user_name)
  if holder and holder ~= asked.id then return 'taken' end
end

if before[2] then
  redis.call('HDEL', names, before[2])
  for _, ref in ipairs(cjson.decode(before[3])) do redis.call('ZREM', refs, ref) end
end
if asked.row then
  redis.call('HSET', key, 'row', asked.row, 'version', asked.version + 1,
             'name', asked.user_name, 'refs', cjson.encode(asked.refs))
  redis.call('HSET', names, asked.user_name, asked.id)
  for _, ref in ipairs(asked.refs) do redis.call('ZADD', refs, 0, ref) end
  redis.call('ZADD', P .. 'scim:ids', 0, asked.id)
else
  redis.call('DEL', key)
  redis.call('ZREM', P .. 'scim:ids', asked.id)
end
if asked.event then redis.call('HSET', P .. 'scim:pending', asked.id, asked.event) end
redis.call('SET', done, '1', 'EX', asked.op_ttl)
return 'ok'
