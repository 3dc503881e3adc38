-- Add what a process counted to what is counted for good; a batch that is given again,
-- since its answer was lost, adds nothing.
-- asked: from (the process), number (of its batch), counts {field = by}, kept_seconds
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local mark = P .. 'metrics:from:' .. asked.from
if tonumber(redis.call('GET', mark) or '0') >= asked.number then return 0 end
for field, by in pairs(asked.counts) do
  redis.call('HINCRBY', P .. 'metrics', field, by)
end
redis.call('SET', mark, asked.number, 'EX', asked.kept_seconds)
return 1
