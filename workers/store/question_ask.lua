-- Ask a question, or join the same one that is under way.
-- asked: id, kind, subject, topic, ttl; answers {id, 1 if it is new}
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local under_way = P .. 'question:under_way:' .. asked.topic
local id = redis.call('GET', under_way)
if id then return {id, id == asked.id and 1 or 0} end
local question = P .. 'question:' .. asked.id
redis.call('SET', under_way, asked.id, 'EX', asked.ttl)
redis.call('HSET', question, 'kind', asked.kind, 'subject', asked.subject,
           'topic', asked.topic)
redis.call('EXPIRE', question, asked.ttl)
-- Whoever asks anew wants to know how it is now.
redis.call('DEL', P .. 'answer:' .. asked.topic)
return {asked.id, 1}
