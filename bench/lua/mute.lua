-- Random people mute random people. Arguments: file of people (id, bearer), seed.
local folder = debug.getinfo(1).source:match("^@(.*)/")
local common = dofile(folder .. "/common.lua")

local people

function init(args)
    math.randomseed(tonumber(args[2]))
    people = common.rows(args[1])
end

function request()
    local source = math.random(#people)
    local target = math.random(#people - 1)
    if target >= source then target = target + 1 end
    local headers = { authorization = "Bearer " .. people[source][2], ["content-type"] = "application/json" }
    local body = '{"target_user_id":"' .. people[target][1] .. '"}'
    return wrk.format("POST", "/2/users/" .. people[source][1] .. "/muting", headers, body)
end
