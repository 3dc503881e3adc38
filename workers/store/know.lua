-- Say which accounts this service has, and forget what is known of any other.
-- asked: accounts
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local wanted = {}
for _, account in ipairs(asked.accounts) do wanted[account] = true end
for _, account in ipairs(redis.call('SMEMBERS', P .. 'surveyed')) do
  if not wanted[account] then
    redis.call('SREM', P .. 'surveyed', account)
    redis.call('HDEL', P .. 'survey:complete', account)
    redis.call('DEL', P .. 'owners:' .. account, P .. 'people:' .. account,
               P .. 'noted:' .. account,
               P .. 'survey:' .. account, P .. 'survey:failing:' .. account)
  end
end
for account in pairs(wanted) do
  -- A survey that ended after its account was forgotten may have said when the next is.
  if redis.call('SADD', P .. 'surveyed', account) == 1 then
    redis.call('DEL', P .. 'survey:' .. account)
  end
end
return 'ok'
