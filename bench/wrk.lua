-- Requests for wrk: @ID@ is a record of the file IDS, @VERSION@ its version, which each request raises, @ANY@ a number.
local method, path, body = os.getenv("METHOD"), os.getenv("TARGET"), os.getenv("BODY")
local headers, ids, versions, turn = {}, {}, {}, 0
for name, value in (os.getenv("HEADERS") or ""):gmatch("([^\n:]+): ([^\n]*)") do headers[name] = value end
if os.getenv("IDS") then
  for line in io.lines(os.getenv("IDS")) do
    local id, version = line:match("(%d+) (%d+)")
    ids[#ids + 1] = id
    versions[id] = tonumber(version)
  end
end

local function fill(text)
  local id = ids[turn % math.max(#ids, 1) + 1] or "0"
  local any = string.format("%011d", (turn * 7919 + tonumber(os.getenv("SEED") or "1") * 104729) % 99999999999)
  return (text:gsub("@ID@", id):gsub("@VERSION@", versions[id] or 0):gsub("@ANY@", any))
end

function request()
  turn = turn + 1
  local target, content = fill(path), body and fill(body)
  if body then
    local id = ids[turn % math.max(#ids, 1) + 1]
    if id then versions[id] = versions[id] + 1 end
  end
  return wrk.format(method, target, headers, content)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("FOUND %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
