-- support.bulk: long streams whose every byte is known, sent and compared as they come.
--
-- A stream is blocks; each begins with its own number, so that none can be lost, doubled or
-- exchanged unseen. Neither end ever holds more than a few of them.
local bulk = {}

bulk.BLOCK = 64 * 1024

local FILLER = {}
for i = 1, bulk.BLOCK - 16 do
  FILLER[i] = string.char((i * 131 + (i >> 8) * 17) & 255)
end
FILLER = table.concat(FILLER)

local AHEAD = 4 -- blocks given to the socket that it has not taken


local function block(number)
  return ("%016x"):format(number) .. FILLER
end


--- Writes so many blocks to a luv stream, as fast as it takes them; done() follows the last
-- one. Returns a record whose `taken` counts the blocks that the socket took.
function bulk.send(stream, blocks, done)
  local source, given = { taken = 0 }, 0
  local function more()
    while given < blocks and given - source.taken < AHEAD and not stream:is_closing() do
      given = given + 1
      stream:write(block(given), function(problem)
        if problem then
          source.problem = problem
          return
        end
        source.taken = source.taken + 1
        if source.taken == blocks then
          done()
        else
          more()
        end
      end)
    end
  end
  more()
  return source
end


--- Compares what its `take` is given with such a stream. Its `blocks` counts those that came
-- whole and right; `wrong` is the number of the first that was not.
function bulk.receiver()
  local sink = { blocks = 0 }
  local parts, size = {}, 0
  function sink.take(bytes)
    parts[#parts + 1] = bytes
    size = size + #bytes
    if size < bulk.BLOCK then
      return
    end
    local all, at = table.concat(parts), 1
    while size - at + 1 >= bulk.BLOCK and not sink.wrong do
      if all:sub(at, at + bulk.BLOCK - 1) ~= block(sink.blocks + 1) then
        sink.wrong = sink.blocks + 1
      end
      sink.blocks = sink.blocks + 1
      at = at + bulk.BLOCK
    end
    parts, size = { all:sub(at) }, size - at + 1
  end
  return sink
end


--- A receiver of a response's body: given all its bytes, it keeps the head as its `head`, and
-- compares what follows.
function bulk.response_receiver()
  local sink = bulk.receiver()
  local take_body, came = sink.take, ""
  function sink.take(bytes)
    if sink.head then
      take_body(bytes)
      return
    end
    came = came .. bytes
    local _, stop = came:find("\r\n\r\n", 1, true)
    if stop then
      sink.head = came:sub(1, stop)
      take_body(came:sub(stop + 1))
    end
  end
  return sink
end


return bulk
