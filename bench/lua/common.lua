-- What every script shares: reading files of requests, and a last line that the bench reads.

local common = {}

-- The lines of a file, each split at tabs.
function common.rows(path)
    local rows = {}
    for line in io.lines(path) do
        local row = {}
        for part in line:gmatch("[^\t]+") do row[#row + 1] = part end
        rows[#rows + 1] = row
    end
    return rows
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        'bench: {"requests": %d, "duration_us": %d, "bytes": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "broken": %d}\n',
        summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

return common
