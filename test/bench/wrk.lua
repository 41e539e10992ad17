-- wrk.lua: makes wrk end with one line of JSON, as client.c does.
function done(summary, latency)
  local e = summary.errors
  local bad = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format(
    '{"units": %d, "ns": %d, "p50": %d, "p99": %d, "errors": %d}\n',
    summary.requests, summary.duration * 1000,
    latency:percentile(50) * 1000, latency:percentile(99) * 1000, bad))
end
