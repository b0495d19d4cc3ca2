-- Pages of random people. Arguments: file of people (id, bearer), what follows the id, seed.
local folder = debug.getinfo(1).source:match("^@(.*)/")
local common = dofile(folder .. "/common.lua")

local requests = {}

function init(args)
    math.randomseed(tonumber(args[3]))
    for n, person in ipairs(common.rows(args[1])) do
        local headers = { authorization = "Bearer " .. person[2] }
        requests[n] = wrk.format("GET", "/2/users/" .. person[1] .. args[2], headers)
    end
end

function request()
    return requests[math.random(#requests)]
end
