-- steps: what people run against Docker, as shell scripts, in this order.
--
-- { name, script, numbers = true where the numbers are measurements, ms = its time if long }.
-- A script sees DOCKER_HOST; QUIET, seconds that outlast every deadline of the proxy; CLIENTS,
-- the folder of the same name; TERMINAL, the command clients/terminal.py; AWAIT_SIZE, a script
-- for it; and it runs in a folder that holds `file`, context/Dockerfile and
-- docker-compose.yml. Contents are compared by md5sum, whose length is not that of an id.
return {
  { "version", "docker version" },
  { "info", "docker info | sed '/^ Runtimes:/d'", numbers = true }, -- the engine shuffles those
  { "an empty ps", "docker ps -a" },
  { "images", "docker images" },
  { "a pull that fails", "docker pull registry.invalid/none", numbers = true },
  { "an image that is missing", "docker run --rm registry.invalid/none", numbers = true },

  { "run in the foreground", [[
    docker run --rm alpine sh -c 'echo out; sleep 0.2; echo err >&2; sleep 0.2; echo out; exit 7'
  ]] },
  { "run with much output", "docker run --rm alpine seq 1 200000 | md5sum" },
  -- whether the client also says that its wait was cancelled is a matter of its own threads
  { "run of a command that is none",
    "docker run --rm alpine /none 2>&1 | grep -v 'context canceled'" },
  { "run -i with piped stdin",
    "printf 'one\\ntwo\\n' | docker run --rm -i alpine sh -c 'cat; echo end'" },
  { "run -i with much stdin", "seq 1 300000 | docker run --rm -i alpine md5sum" },
  { "run -i without stdin", "docker run --rm -i alpine wc -c </dev/null" },
  { "run -t in a terminal that is resized", [[
    $TERMINAL 'docker run --rm -it alpine sh -c "$AWAIT_SIZE"' \
      'wait:24 80' rest:0.5 size:40x100 'wait:40 100' 'send:4\n'
  ]] },
  { "run with ctrl-c in a terminal", [[
    $TERMINAL 'docker run --rm -it alpine sh -c "
        trap \"exit 9\" INT
        echo ready
        while :; do sleep 0.1; done"' \
      wait:ready 'send:\x03'
  ]] },

  { "run -d", [[
    docker run -d --name quiet alpine \
      sh -c 'echo once; sleep $0; echo twice; exec sleep 600' $((QUIET + 1))
  ]] },
  { "ps", "docker ps" },
  { "exec", "docker exec quiet sh -c 'echo out; sleep 0.2; echo err >&2; exit 3'" },
  { "exec -i", "printf 'one\\ntwo\\n' | docker exec -i quiet cat" },
  { "exec -i with much stdin", "seq 1 300000 | docker exec -i quiet md5sum" },
  { "exec -t in a terminal that is resized", [[
    $TERMINAL 'docker exec -it quiet sh -c "$AWAIT_SIZE"' \
      'wait:24 80' rest:0.5 size:40x100 'wait:40 100' 'send:5\n'
  ]] },
  { "exec -d", [[
    docker exec -d quiet touch /tmp/detached
    sleep 0.5
    docker exec quiet ls /tmp
  ]] },
  { "exec in a container that is none", "docker exec nobody true" },
  { "logs -f of a quiet container", [[
    docker logs -f quiet >log 2>&1 &
    sleep $((QUIET + 3))
    kill $!
    wait $!
    cat log
  ]] },
  { "events, quiet for long", [[
    docker events >log 2>&1 &
    sleep $((QUIET + 1))
    docker pause quiet
    docker unpause quiet
    sleep 0.5
    kill $!
    wait $!
    cat log
  ]] },
  { "stats", "docker stats --no-stream quiet", numbers = true },
  { "stats that follow",
    "timeout -s KILL 4 docker stats --format '{{.Name}}' quiet | tr -d '\\033' | head -n 2",
    numbers = true },
  { "top", "docker top quiet", numbers = true },
  { "diff", "docker diff quiet" },
  { "port", "docker port quiet" },
  { "rename and update", [[
    docker rename quiet still
    docker update --memory 64m --memory-swap 64m still
    docker inspect -f '{{.Name}} {{.HostConfig.Memory}}' still
    docker rename still quiet
  ]] },
  { "inspect", "docker inspect quiet", numbers = true },
  { "cp into", "docker cp file quiet:/tmp/file; docker exec quiet md5sum /tmp/file" },
  { "cp out of", "docker cp quiet:/etc/passwd copy; md5sum copy" },
  { "cp of a folder through a pipe", "docker cp quiet:/etc - | tar t | sort" },
  { "cp of what is not there", "docker cp quiet:/none copy" },
  { "wait", [[
    docker wait quiet &
    sleep 1
    docker kill quiet >/dev/null
    wait
  ]] },
  { "kill again", "docker kill quiet" },
  { "start", "docker start quiet" },
  { "stop for longer than the request timeout", [[
    docker run -d --name deaf alpine sh -c 'trap "" TERM; while :; do sleep 1; done'
    sleep 0.5
    docker stop -t $((QUIET + 1)) deaf
    docker inspect -f '{{.State.ExitCode}}' deaf
    docker rm deaf
  ]] },
  { "restart", "docker restart -t 0 quiet" },
  { "rm", "docker rm quiet; docker rm -f quiet" },

  { "attach", [[
    docker run -d --name once alpine sh -c 'sleep 1.5; echo out; exit 6'
    docker attach once
    echo $?
    docker rm once
  ]] },
  { "start -ai with piped stdin", [[
    docker create -i --name cat alpine cat
    seq 1 1000 | docker start -ai cat | md5sum
    docker rm cat
  ]] },
  { "detach keys, and attach again", [[
    $TERMINAL 'docker run -it --name detached alpine sh -c "stty -echo; echo ready; exec cat"' \
      wait:ready 'send:there\n' 'wait:there\n' 'keys:\x10\x11'
    docker ps --format '{{.Names}}'
    $TERMINAL 'docker attach --detach-keys ctrl-x detached' \
      rest:1 'send:back\n' 'wait:back\n' 'keys:\x18'
    docker rm -f detached
  ]] },
  { "attach by websocket", [[
    docker run -d -i --name socket alpine cat
    /usr/bin/python3 $CLIENTS/attach_ws.py socket
    docker rm -f socket
  ]] },
  { "run --rm leaves nothing", "docker run --rm alpine true; docker ps -aq" },

  { "save and load", [[
    docker tag alpine saved:1
    docker save saved:1 >image.tar
    tar tf image.tar | sort
    docker load <image.tar
    docker save saved:1 | docker load -q
    docker rmi saved:1
  ]] },
  { "export and import", [[
    docker create --name out alpine
    docker export out | tar t | md5sum
    docker export out | docker import - copy:1
    docker run --rm copy:1 echo imported
    docker rmi copy:1
  ]] },
  { "commit", [[
    docker commit -m said out committed:1
    docker history --no-trunc --format '{{.Comment}}' committed:1
    docker rmi committed:1
    docker rm out
  ]] },
  { "the classic build", "docker build -t built context; docker run --rm built; docker rmi built" },
  -- the client's session and the engine's BuildKit talk HTTP/2 through an upgraded connection
  { "a BuildKit build", [[
    DOCKER_BUILDKIT=1 docker build -q -t kit context
    docker run --rm kit | md5sum
    docker rmi kit
    docker builder prune -af >/dev/null
  ]] },
  { "a build that fails", "printf 'FROM alpine\\nRUN exit 9\\n' | docker build -" },
  { "tag and rmi", [[
    docker tag alpine other:1
    docker images -q other
    docker rmi other:1
    docker rmi other:1
  ]] },

  { "volumes", [[
    docker volume create data
    docker run --rm -v data:/d alpine sh -c 'echo kept >/d/f'
    docker run --rm -v data:/d alpine cat /d/f
    docker volume ls
    docker volume rm data
    docker volume rm data
  ]] },
  { "networks", [[
    docker network create net
    docker run -d --name peer --network net alpine sleep 60
    docker run --rm --network net alpine ping -c 1 -W 2 -q peer | head -n 1
    docker network ls --format '{{.Name}}'
    docker network disconnect net peer
    docker network connect net peer
    docker rm -f peer
    docker network rm net
  ]], numbers = true },
  { "system df", "docker system df", numbers = true },
  { "prune", [[
    docker create --name stopped alpine
    docker volume create old
    docker container prune -f
    docker volume prune -f
    docker network prune -f
    docker image prune -f
    docker system prune -f
  ]], numbers = true },

  { "compose: up, logs, exec, down", [[
    docker-compose --ansi never -p duo up -d
    sleep 1
    docker-compose -p duo logs --no-color | sort
    docker-compose -p duo ps
    docker-compose -p duo exec -T back echo inside
    $TERMINAL 'docker-compose -p duo exec back sh -c "test -t 0 && echo a terminal"'
    docker-compose --ansi never -p duo down -t 0 2>&1 | sort
  ]], ms = 90000 },
  { "python3-docker", "/usr/bin/python3 $CLIENTS/docker_py.py", ms = 60000 },
  { "dockerode", "node $CLIENTS/dockerode.js", ms = 60000 },
  { "nothing is left", [[
    docker ps -aq
    docker network ls --format '{{.Name}}'
    docker volume ls -q
  ]] },
}
