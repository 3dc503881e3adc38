-- Answer a question, which ends it; without a text it just ends. One that ran out has
-- nobody to be answered to. asked: id, text?, ttl; answers 1 or 0
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local question = P .. 'question:' .. asked.id
local topic = redis.call('HGET', question, 'topic')
if not topic then return 0 end
if asked.text then
  redis.call('SET', P .. 'answer:' .. topic, asked.text, 'EX', asked.ttl)
end
redis.call('DEL', question, question .. ':claim', P .. 'question:under_way:' .. topic)
return 1
