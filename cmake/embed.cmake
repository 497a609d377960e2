# lua/**/*.lua become one C file in the build folder, so that the program is one file and
# runs the policy that it was built with. The list is explicit: a new file is a visible line.
set(LUA_SOURCES
  cis-docker-benchmark-strict.lua
  cis-docker-benchmark.lua
  config/address.lua
  config/body_keys.lua
  config/compat.lua
  config/guards.lua
  config/json.lua
  config/keys.lua
  config/listeners.lua
  config/load.lua
  config/main.lua
  config/meet.lua
  config/nearest.lua
  config/report.lua
  config/rules.lua
  config/scalar.lua
  config/schema.lua
  config/typed.lua
  config/units.lua
  config/validate.lua
  config/yaml.lua
  core/compile.lua
  core/doc.lua
  core/example.lua
  core/operators.lua
  core/own.lua
  core/record.lua
  core/registry.lua
  core/rule.lua
  core/schema.lua
  core/shape.lua
  engine/binds.lua
  engine/capabilities.lua
  engine/command.lua
  engine/device_request.lua
  engine/device_rule.lua
  engine/image.lua
  engine/ip.lua
  engine/limits.lua
  engine/mode.lua
  engine/networks.lua
  engine/path.lua
  engine/ports.lua
  engine/ps.lua
  engine/security.lua
  engine/set.lua
  engine/sockets.lua
  engine/subpath.lua
  engine/units.lua
  engine/user.lua
  engine/version.lua
  knobs/container_create.lua
  knobs/container_devices.lua
  knobs/container_limits.lua
  knobs/container_mounts.lua
  knobs/container_network.lua
  knobs/container_security.lua
  knobs/container_top.lua
  knobs/container_update.lua
  knobs/exec.lua
  knobs/image_pull.lua
  knobs/own_container.lua
  knobs/unknown.lua
  redaction.lua
  schema/container_create.lua
  schema/container_top.lua
  schema/container_update.lua
  schema/exec_create.lua
  schema/exec_start.lua
  schema/image_pull.lua
)
set(EMBEDDED ${CMAKE_BINARY_DIR}/lua_sources.c)
list(TRANSFORM LUA_SOURCES PREPEND ${CMAKE_SOURCE_DIR}/lua/ OUTPUT_VARIABLE LUA_SOURCE_PATHS)
add_custom_command(
  OUTPUT ${EMBEDDED}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${EMBEDDED} -DROOT=${CMAKE_SOURCE_DIR}
    "-DSOURCES=${LUA_SOURCES}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake
  DEPENDS ${LUA_SOURCE_PATHS} ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake
  VERBATIM
)
