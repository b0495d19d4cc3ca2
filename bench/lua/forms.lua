-- Forms of a file, each posted once, in order. Argument: file (path, form). Past its end it asks for what does not exist,
-- which the bench notices.
local folder = debug.getinfo(1).source:match("^@(.*)/")
local common = dofile(folder .. "/common.lua")

local rows, last
local headers = { ["content-type"] = "application/x-www-form-urlencoded" }

function init(args)
    rows, last = common.rows(args[1]), 0
end

function request()
    last = last + 1
    local row = rows[last]
    if row == nil then return wrk.format("GET", "/no-requests-left") end
    return wrk.format("POST", row[1], headers, row[2])
end
