-- How long resets in an account take to show, and how many asked lately: the first few
-- of them look earlier than the others.
-- asked: account, within_ms
-- answers what it was last in ms or -1, how many asked within that time, this included
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local scouts = P .. 'lag:asked:' .. asked.account
local many = redis.call('INCR', scouts)
if many == 1 then redis.call('PEXPIRE', scouts, asked.within_ms) end
return {tonumber(redis.call('HGET', P .. 'lags', asked.account) or '-1'), many}
