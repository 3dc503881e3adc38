-- Take in one page of users: their names, and how those stand who were never seen.
-- asked: first {subject = state}, names {subject = name}, listed [subject] or nil
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local heard_at = redis.call('TIME')[1]
for subject, state in pairs(asked.first) do
  redis.call('HSETNX', P .. 'entra_graph:users', subject, state)
end
for subject, name in pairs(asked.names) do
  redis.call('HSET', P .. 'names:entra_graph', subject, name)
  redis.call('ZADD', P .. 'names:entra_graph:heard', heard_at, subject)
end
for _, subject in ipairs(asked.listed or {}) do
  redis.call('SADD', P .. 'entra_graph:listed', subject)
end
return 1
