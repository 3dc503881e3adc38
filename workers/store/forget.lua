-- Take entries out of a hash, each only while it still is what was read there.
-- asked: hash (its name), entries (text by field); answers how many went
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local key, gone = P .. asked.hash, 0
for field, text in pairs(asked.entries) do
  if redis.call('HGET', key, field) == text then
    gone = gone + redis.call('HDEL', key, field)
  end
end
return gone
