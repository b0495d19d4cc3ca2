-- Requests of a file, each once, in order. Argument: file (method, path, authorization). Past its end it asks for what
-- does not exist, which the bench notices.
local folder = debug.getinfo(1).source:match("^@(.*)/")
local common = dofile(folder .. "/common.lua")

local rows, last

function init(args)
    rows, last = common.rows(args[1]), 0
end

function request()
    last = last + 1
    local row = rows[last]
    if row == nil then return wrk.format("GET", "/no-requests-left") end
    return wrk.format(row[1], row[2], { authorization = row[3] })
end
