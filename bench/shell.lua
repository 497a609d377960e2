-- shell: files, and the commands that a run starts.
local shell = {}


--- The text of a file; "" when it cannot be read.
function shell.read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a") or ""
  if file then
    file:close()
  end
  return text
end


function shell.write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end


--- What a command printed, without the last newline.
function shell.output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a"):gsub("%s+$", "")
  pipe:close()
  return text
end


function shell.succeeds(command)
  return os.execute(command) == true
end


--- True when there is such a program.
function shell.has(program)
  return shell.succeeds("command -v " .. program .. " >/dev/null 2>&1")
end


--- Starts a command in the background, its words appended to `log`; returns its id. It ends
--- with bench/run, which ends the whole process group.
function shell.start(command, log)
  return assert(tonumber(shell.output(("%s >>%s 2>&1 </dev/null & echo $!"):format(command, log))))
end


--- Returns when a condition of the shell no longer holds, or after five seconds.
function shell.wait_while(condition)
  os.execute("i=0; while " .. condition
             .. " && [ $i -lt 50 ]; do sleep 0.1; i=$((i + 1)); done")
end


--- Ends a process that was started, and waits until it has gone.
function shell.stop(pid)
  shell.succeeds("kill " .. pid .. " 2>/dev/null")
  shell.wait_while("[ -e /proc/" .. pid .. "/exe ]")
end


return shell
