-- Sends one body again and again, DELAY milliseconds apart where given, and prints what wrk measured as one line of JSON.
local file = io.open(os.getenv("BODY_FILE"), "rb")
wrk.method = "POST"
wrk.headers["Content-Type"] = os.getenv("BODY_TYPE")
wrk.body = file:read("*a")
file:close()

local pause = tonumber(os.getenv("DELAY") or "0")
if pause > 0 then
  delay = function() return pause end
end

done = function(summary, latency, requests)
  io.write(string.format(
    '\nJSON {"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "refused": %d, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write
      + summary.errors.timeout))
end
