-- Pages of random people. Arguments: file of people (id, bearer), query, seed. With the seed 0: each of them once, in
-- order, and then it is over.
local folder = debug.getinfo(1).source:match("^@(.*)/")
local common = dofile(folder .. "/common.lua")

local requests, walking, last = {}, false, 0

function init(args)
    walking = args[3] == "0"
    math.randomseed(tonumber(args[3]))
    for n, person in ipairs(common.rows(args[1])) do
        local headers = { authorization = "Bearer " .. person[2] }
        requests[n] = wrk.format("GET", "/2/users/" .. person[1] .. "/muting" .. args[2], headers)
    end
end

function request()
    if not walking then return requests[math.random(#requests)] end
    last = last + 1
    if last < #requests then return requests[last] end
    return common.over(requests[#requests])
end
