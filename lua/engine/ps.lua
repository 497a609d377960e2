-- engine.ps: the options of ps(1) that a client may hand to the engine, which runs it on the
-- host. procps prints the environment of processes for the BSD option `e`, wherever it stands,
-- so what is harmless is listed, and all else is not.
local ps = {}

local WORDS, COLUMNS, BEFORE_COLUMNS = {}, {}, {}

for _, word in ipairs(text.fields [[
  -A -a -e -f -ef -F -eF -l -el -L -eL -eLf -T -H -w -ww a x u ax aux -aux w ww axw axww auxw auxww
]]) do
  WORDS[word] = true
end
for _, word in ipairs(text.fields "-o -eo -Ao -ao axo -axo") do
  BEFORE_COLUMNS[word] = true
end
for _, word in ipairs(text.fields [[
  %cpu %mem args c cmd comm command cputime egid egroup etime etimes euid euser fgid fname gid
  group lstart lwp ni nice nlwp pcpu pgid pgrp pid pmem ppid pri priority psr rgid rgroup rss ruid
  ruser s sid size start start_time stat state stime sz thcount time tid tname tty uid user vsize
  vsz wchan
]]) do
  COLUMNS[word] = true
end


local function are_columns(list)
  for _, column in ipairs(text.split(list, ",")) do
    if not COLUMNS[column] then
      return false
    end
  end
  return true
end


--- The first word of ps_args that is not known to be harmless, or nil.
function ps.unknown_word(ps_args)
  local columns = false
  for _, word in ipairs(text.fields(ps_args)) do
    local fits
    if columns then
      fits, columns = are_columns(word), false
    else
      columns = BEFORE_COLUMNS[word] or false
      fits = columns or WORDS[word]
    end
    if not fits then
      return word
    end
  end
  return columns and "-o" or nil
end


return ps
