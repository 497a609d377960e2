# lua/**/*.lua become one C file in the build folder, so that the program is one file and
# runs the policy that it was built with. The list is explicit: a new file is a visible line.
set(LUA_SOURCES
  core/record.lua
  core/registry.lua
  core/schema.lua
  core/shape.lua
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
