-- Requests of a file, each once, in order. Arguments: file (method, path, authorization), "stop" to end with the last.
-- Past the end it asks for what does not exist, which the bench notices.
local folder = debug.getinfo(1).source:match("^@(.*)/")
local common = dofile(folder .. "/common.lua")

local rows, stopping, last

function init(args)
    rows, stopping, last = common.rows(args[1]), args[2] == "stop", 0
end

function request()
    last = last + 1
    local row = rows[last]
    if row == nil then return wrk.format("GET", "/no-requests-left") end
    local text = wrk.format(row[1], row[2], { authorization = row[3] })
    if stopping and last == #rows then return common.over(text) end
    return text
end
