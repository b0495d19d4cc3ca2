-- Random people mute random others, of another file where there is one. Arguments: file of people (id, bearer), seed,
-- file of targets (id).
local folder = debug.getinfo(1).source:match("^@(.*)/")
local common = dofile(folder .. "/common.lua")

local people, targets

function init(args)
    math.randomseed(tonumber(args[2]))
    people = common.rows(args[1])
    targets = args[3] and common.rows(args[3]) or people
end

function request()
    local source, target = people[math.random(#people)], targets[math.random(#targets)]
    while target == source do target = targets[math.random(#targets)] end
    local headers = { authorization = "Bearer " .. source[2], ["content-type"] = "application/json" }
    return wrk.format("POST", "/2/users/" .. source[1] .. "/muting", headers, '{"target_user_id":"' .. target[1] .. '"}')
end
