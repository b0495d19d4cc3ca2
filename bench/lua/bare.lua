-- The same request again and again.
local folder = debug.getinfo(1).source:match("^@(.*)/")
dofile(folder .. "/common.lua")

local request_text

function init(args)
    request_text = wrk.format("GET", args[1])
end

function request()
    return request_text
end
