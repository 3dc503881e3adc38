-- End the pause of everything. Where it was one of an old copy, a person has looked at
-- it by now: it is an ordinary store again, and what waited in its outbox is sent.
-- answers how many reports and notices go on
local P = ARGV[1]
redis.call('HSET', P .. 'paused', '*', '0')
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
return many
