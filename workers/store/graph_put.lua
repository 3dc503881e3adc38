-- Keep how a user was seen, if what is kept is what the writer had read.
-- asked: subject, before or nil, now, called or nil; answers 1, or 0 where it is not
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local heard_at = redis.call('TIME')[1]
local users = P .. 'entra_graph:users'
local kept = redis.call('HGET', users, asked.subject) or ''
if kept ~= asked.now and kept ~= (asked.before or '') then return 0 end
redis.call('HSET', users, asked.subject, asked.now)
if asked.called then
  redis.call('HSET', P .. 'names:entra_graph', asked.subject, asked.called)
  redis.call('ZADD', P .. 'names:entra_graph:heard', heard_at, asked.subject)
end
return 1
