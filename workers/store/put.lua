-- Write what a survey found, and keep what was read elsewhere since it began.
-- asked: account, head, holdings {target id: text}, since, people? {field: text}
local P, asked = ARGV[1], cjson.decode(ARGV[2])
-- An account that was taken out while it was surveyed: its people are not for us to keep.
if redis.call('EXISTS', P .. 'surveyed') == 1
   and redis.call('SISMEMBER', P .. 'surveyed', asked.account) == 0 then
  return 'unknown'
end
local key, noted = P .. 'owners:' .. asked.account, P .. 'noted:' .. asked.account
local later = {}
local all = redis.call('HGETALL', noted)
for place = 1, #all, 2 do
  if tonumber(all[place + 1]) > asked.since then
    later[all[place]] = redis.call('HGET', key, all[place])
  end
end
redis.call('DEL', key, noted)
redis.call('HSET', key, 'head', asked.head)
for target, holding in pairs(asked.holdings) do
  redis.call('HSET', key, target, later[target] or holding)
end
if asked.people then
  local names = P .. 'people:' .. asked.account
  redis.call('DEL', names)
  for name, text in pairs(asked.people) do redis.call('HSET', names, name, text) end
end
return 'ok'
