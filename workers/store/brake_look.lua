-- Tell how the brake stands. asked: window_ms
-- answers {now, opened in the window, waiting, gone among them, since, last,
--          episode: began, reminded (-1: not told yet), told_at, said_at}; times in ms
local P, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local braked = P .. 'braked'

local function score_at(place)
  local found = redis.call('ZRANGE', braked, place, place, 'WITHSCORES')
  return tonumber(found[2] or '0')
end

local state = redis.call('HMGET', P .. 'brake:episode', 'began', 'reminded', 'told_at', 'said_at')
return {
  now,
  redis.call('ZCOUNT', P .. 'brake:opened', '(' .. (now - asked.window_ms), '+inf'),
  redis.call('ZCARD', braked),
  redis.call('SCARD', P .. 'brake:gone'),
  score_at(0), score_at(-1),
  tonumber(state[1] or '0'), tonumber(state[2] or '-1'),
  tonumber(state[3] or '0'), tonumber(state[4] or '0'),
}
